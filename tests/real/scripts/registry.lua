-- SPDX-License-Identifier: GPL-2.0-only
--
-- "leak": on_request() keeps a table for each request. "healthy": those of the last 500.
local leak = arg[1] == "leak"
local registry = {}

local function on_request(number)
    local body = string.rep("b" .. number, 50)
    registry[number] = { number = number, name = "request" .. number, body = body }
    if not leak then
        registry[number - 500] = nil
    end
end

local number = 0
while true do
    for _ = 1, 40 do
        on_request(number)
        number = number + 1
    end
    local pause = io.popen("sleep 0.1")
    pause:close()
end
