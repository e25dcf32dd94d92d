// Package editors holds `glowplug lsp` against clients of real editors: Neovim of Debian, set up as docs/editors.md
// says, and the packages of npm that VS Code's client is made of. `make test-disk` runs it and installs these. Without
// the tag disk it is empty.
package editors
