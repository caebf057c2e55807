std = "lua54"
max_line_length = 130
globals = {}
unused = false
read_globals = { "ns", "fs", "net", "proc", "sys", "cap", "cgroup", "seccomp", "landlock", "dev", "term", "help", "source" }
