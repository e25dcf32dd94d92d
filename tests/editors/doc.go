// Package editors holds `glowplug lsp` against the client of a real editor: Neovim of Debian, set up as
// docs/editors.md says. `make test-disk` runs it and installs Neovim. Without the tag disk it is empty.
package editors
