-- Opens FILE with the server, asks what an editor asks, makes the first fix, and writes what came of it to OUT as JSON.
-- Neovim 0.7 has it run by +luafile; later ones do as well.
local server, file, out = vim.env.SERVER, vim.env.FILE, vim.env.OUT
local said = {}

local function finish(failure)
  said.failure = failure
  vim.fn.writefile({ vim.fn.json_encode(said) }, out)
  vim.cmd("qall!")
end

local function all()
  vim.cmd("edit " .. file)
  local buffer = vim.api.nvim_get_current_buf()
  local id = vim.lsp.start_client({ name = "glowplug", cmd = { server, "lsp" }, root_dir = vim.fn.getcwd() })
  assert(vim.lsp.buf_attach_client(buffer, id))
  local function told(count)
    assert(vim.wait(20000, function() return #vim.diagnostic.get(buffer) == count end, 20), "no problems are told")
  end
  local function ask(method, line, column, more)
    local place = { line = line, character = column }
    local params = { textDocument = { uri = vim.uri_from_bufnr(buffer) }, position = place }
    local answers = assert(vim.lsp.buf_request_sync(buffer, method, vim.tbl_extend("force", params, more or {}), 20000))
    local answer = answers[id]
    assert(not answer.error, vim.inspect(answer.error))
    return answer.result
  end

  told(2)
  said.problems = {}
  for _, d in ipairs(vim.diagnostic.get(buffer)) do
    table.insert(said.problems, { line = d.lnum, column = d.col, ends = d.end_col, severity = d.severity,
      code = d.code or d.user_data.lsp.code, message = d.message, source = d.source })
  end
  said.hover = ask("textDocument/hover", 4, 8).contents.value
  said.definition = ask("textDocument/definition", 6, 8)[1].range.start.line

  local range = { start = { line = 5, character = 6 }, ["end"] = { line = 5, character = 6 } }
  local actions = ask("textDocument/codeAction", 5, 6, { range = range, context = { diagnostics = {} } })
  said.action = actions[1].title
  vim.lsp.util.apply_workspace_edit(actions[1].edit, "utf-16")
  told(1)

  -- what is typed: a new line that is not whole
  vim.api.nvim_buf_set_lines(buffer, 6, 6, false, { "      us" })
  said.offered = {}
  for _, item in ipairs(ask("textDocument/completion", 6, 8).items) do
    table.insert(said.offered, item.label)
  end
  said.text = table.concat(vim.api.nvim_buf_get_lines(buffer, 0, -1, false), "\n")
  vim.lsp.stop_client(id)
  said.ended = vim.wait(20000, function() return vim.lsp.client_is_stopped(id) end, 20)
end

vim.schedule(function()
  local fine, failure = xpcall(all, debug.traceback)
  finish(not fine and failure or nil)
end)
