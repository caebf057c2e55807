--- Prints any value so that a person can read it: tables with their fields in order, strings in
--- quotes, handles by their own text, a table that contains itself by a mark.
local inspect = {}

local words = {}
for word in ("and break do else elseif end false for function goto if in local nil not or repeat "
  .. "return then true until while"):gmatch "%a+" do words[word] = true end

-- A terminal would act on control characters; those beyond ASCII are two bytes.
local function plain(text)
  local function number(bytes) return (bytes:gsub(".", function(byte) return ("\\x%02X"):format(byte:byte()) end)) end
  return (text:gsub("[\0-\8\11-\31\127]", number):gsub("\194[\128-\159]", number))
end

local function quote(text)
  local quoted = ("%q"):format(text):gsub("\\\n", "\\n"):gsub("\r", "\\r")
  if utf8.len(quoted) then return plain(quoted) end
  -- Bytes that are not UTF-8 would upset a terminal: all beyond ASCII then show as numbers.
  return (quoted:gsub("[\128-\255]", function(byte) return ("\\x%02X"):format(byte:byte()) end))
end

local function key_text(key, show)
  if type(key) == "string" and key:match "^[%a_][%w_]*$" and not words[key] then return key end
  return "[" .. show(key) .. "]"
end

-- Numbers before strings before the rest, each in their own order: the same value always reads alike.
local function sorted_keys(value, from)
  local keys = {}
  for key in next, value do
    if not (math.type(key) == "integer" and key >= 1 and key <= from) then keys[#keys + 1] = key end
  end
  local rank = { number = 1, string = 2 }
  table.sort(keys, function(a, b)
    local left, right = rank[type(a)] or 3, rank[type(b)] or 3
    if left ~= right then return left < right end
    if left < 3 then return a < b end
    return tostring(a) < tostring(b)
  end)
  return keys
end

--- The text of `value`. Options: `depth` (tables nested deeper show as {...}; 6), `width` (a table
--- that fits into so many columns stays on one line; 80).
function inspect.text(value, options)
  options = options or {}
  local depth, width = options.depth or 6, options.width or 80
  local open = {}

  local function show(item, indent)
    if type(item) == "string" then return quote(item) end
    local meta = type(item) == "table" and getmetatable(item)
    if type(item) ~= "table" or (type(meta) == "table" and rawget(meta, "__tostring")) then
      return plain(tostring(item))
    end
    if open[item] then return "<itself>" end
    if next(item) == nil then return "{}" end
    if indent >= depth then return "{...}" end
    open[item] = true
    local parts, length = {}, rawlen(item)
    for index = 1, length do parts[index] = show(rawget(item, index), indent + 1) end
    for _, key in ipairs(sorted_keys(item, length)) do
      local name = key_text(key, function(inner) return show(inner, indent + 1) end)
      parts[#parts + 1] = name .. " = " .. show(rawget(item, key), indent + 1)
    end
    open[item] = nil
    local line = "{ " .. table.concat(parts, ", ") .. " }"
    if #line + 2 * indent <= width and not line:find "\n" then return line end
    local margin = ("  "):rep(indent + 1)
    return "{\n" .. margin .. table.concat(parts, ",\n" .. margin) .. "\n" .. ("  "):rep(indent) .. "}"
  end

  return show(value, 0)
end

return setmetatable(inspect, { __call = function(_, ...) return inspect.text(...) end })
