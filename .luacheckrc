std = "lua54"
max_line_length = 110
globals = {}
read_globals = { "ns", "fs", "net", "proc", "sys" }
