package cmdline_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/glowplug-os/glowplug/internal/cmdline"
)

// As a helper of the boot loader goes by whole arguments, so does who foretells it.
func TestAnArgumentIsFoundWhole(t *testing.T) {
	const line = `quiet console=ttyS0,115200 rd.x="a b" log_buf_len=1M mitigations=auto nosmt= dup dup`
	for argument, has := range map[string]bool{
		"quiet": true, "console=ttyS0,115200": true, "console": false, "console=ttyS0": false, "qui": false,
		`rd.x="a b"`: true, `"rd.x=a b"`: true, "rd.x=a b": false, "quiet console=ttyS0,115200": true,
		"quiet log_buf_len=1M": false, "nosmt=": true, "nosmt": false, "": false, "dup dup": true, "dup dup dup": false,
	} {
		assert.Equal(t, has, cmdline.Has(line, argument), "%q", argument)
	}
	assert.False(t, cmdline.Has("", "quiet"))
}
