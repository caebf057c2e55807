-- The stepper's eye into a paused function: Lua text is run with the function's variables in sight.
local get, set, names = ...
local inspect = require "inspect"

local function globals()
    local found, table = get "_ENV"
    return found and table or _G
end

local scope = setmetatable({}, {
    __index = function(_, name)
        local found, value = get(name)
        if found then return value end
        return globals()[name]
    end,
    __newindex = function(_, name, value)
        if not set(name, value) then globals()[name] = value end
    end,
})

local function describe(err)
    local meta = debug.getmetatable(err)
    local has_words = type(err) == "string" or type(meta) == "table" and rawget(meta, "__tostring")
    local text = has_words and tostring(err) or "an error without words: " .. inspect(err)
    if type(err) == "table" and rawget(err, "hint") then text = text .. "\n  hint: " .. tostring(err.hint) end
    return text
end

local actions = {}

-- Whether it ran; whether the first result is true, or the text is unfinished; the results as text.
function actions.run(text)
    local chunk = load("return " .. text, "=(prompt)", "t", scope)
    local problem
    if not chunk then chunk, problem = load(text, "=(prompt)", "t", scope) end
    if not chunk then return false, problem:find("<eof>", 1, true) ~= nil, problem end
    local results = table.pack(xpcall(chunk, describe))
    if not results[1] then return false, false, results[2] end
    local shown = {}
    for index = 2, results.n do shown[#shown + 1] = inspect(results[index]) end
    return true, results[2] and true or false, table.concat(shown, "\t")
end

function actions.check(text)
    local chunk, problem = load("return " .. text, "=(prompt)", "t", scope)
    return chunk ~= nil, false, problem or ""
end

function actions.variables()
    local lines = {}
    for _, name in ipairs(names()) do
        if name ~= "_ENV" and name ~= "__tupper_step" then
            local _, value = get(name)
            lines[#lines + 1] = name .. " = " .. inspect(value, { depth = 2 })
        end
    end
    return true, true, table.concat(lines, "\n")
end

-- The names that a word could be the beginning of: variables, globals, and fields after dots and colons.
function actions.complete(text)
    local path, last = text:match "^([%w_.:]-)([%w_]*)$"
    local found = {}
    local function add(table, prefix)
        local seen = 0
        for key in next, table do
            seen = seen + 1
            if seen > 5000 then break end
            if type(key) == "string" and key:sub(1, #last) == last and key:match "^[%a_][%w_]*$" then
                found[prefix .. key] = true
            end
        end
    end
    if path == "" then
        for _, name in ipairs(names()) do
            if name ~= "__tupper_step" and name:sub(1, #last) == last then found[name] = true end
        end
        add(globals(), "")
    else
        local value = scope
        for name in path:gmatch "[%w_]+" do
            if type(value) ~= "table" then break end
            value = value[name]
        end
        if type(value) == "table" and value ~= scope then
            -- A module of primitives enters them all when it is asked for a list.
            local meta = getmetatable(value)
            if type(meta) == "table" and meta.__pairs then pairs(value) end
            add(value, path)
        end
    end
    local list = {}
    for name in next, found do list[#list + 1] = name end
    table.sort(list)
    return true, true, table.concat(list, "\n")
end

return function(action, text)
    local done, ok, flag, result = pcall(actions[action], text)
    if not done then return false, false, describe(ok) end
    return ok, flag, result
end
