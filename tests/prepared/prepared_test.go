package prepared_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/tests/prepared"
)

func TestWhatAScriptPrintsIsWhereThingsAre(t *testing.T) {
	script := filepath.Join(t.TempDir(), "prepare")
	require.NoError(t, os.WriteFile(script, []byte("#!/bin/sh\necho noise >&2\necho \"/folder of $1\"\n"), 0o700))
	assert.Equal(t, "/folder of x", prepared.By(t, script, "x"))
}
