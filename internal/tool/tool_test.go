package tool

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/internal/diag"
)

// script makes a tool out of lines of shell.
func script(t *testing.T, lines string) *Set {
	t.Helper()
	path := filepath.Join(t.TempDir(), "tool.sh")
	require.NoError(t, os.WriteFile(path, []byte("#!/bin/sh\n"+lines), 0o755))
	return New(map[string]string{"tool": path}, nil)
}

func TestAToolGetsItsSecretOnStdin(t *testing.T) {
	tools := script(t, `read -r s; echo "got $s and $# args, $2"`)
	out, err := tools.Run(t.Context(),
		Command{Tool: "tool", Args: []string{"a", "b c"}, Stdin: diag.Secret("hunter2\n")})
	require.NoError(t, err)
	assert.Equal(t, "got hunter2 and 2 args, b c\n", string(out))
}

func TestAToolThatFailsIsNamedWithItsLastWords(t *testing.T) {
	tools := script(t, "i=0; while [ $i -lt 999 ]; do echo noise noise >&2; i=$((i+1)); done\n"+
		"printf 'bad\\tthing\\nhappened\\n' >&2; exit 3")
	_, err := tools.Run(t.Context(), Command{Tool: "tool"})
	var failed *Error
	require.ErrorAs(t, err, &failed)
	assert.Equal(t, 3, failed.Status)
	assert.True(t, strings.HasPrefix(err.Error(), "tool: exit status 3: "), err.Error())
	assert.True(t, strings.HasSuffix(err.Error(), "noise; bad thing; happened"), err.Error())
	assert.LessOrEqual(t, len(failed.Said), 2*errorShown)
}

func TestAToolThatIsNotThereIsNamed(t *testing.T) {
	_, err := New(map[string]string{"mkfs": "/none/mkfs.none"}, nil).Run(t.Context(), Command{Tool: "mkfs"})
	require.ErrorIs(t, err, ErrNotFound)
	require.EqualError(t, err, "/none/mkfs.none: program not found")
}

func TestAToolThatIsThereAndCannotBeRunIsNoneWithTheReason(t *testing.T) {
	denied, good := t.TempDir(), t.TempDir()
	at := filepath.Join(denied, "tool")
	require.NoError(t, os.WriteFile(at, nil, 0o644))
	t.Setenv("PATH", denied+":"+good)
	_, err := New(nil, nil).Path("tool")
	require.ErrorIs(t, err, ErrNotFound)
	require.EqualError(t, err, "tool: program not found: "+at+": permission denied")
	require.NoError(t, os.WriteFile(filepath.Join(good, "tool"), nil, 0o755))
	path, err := New(nil, nil).Path("tool")
	require.NoError(t, err)
	assert.Equal(t, filepath.Join(good, "tool"), path)
}

func TestAToolEndsWithTheContext(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	why := errors.New("enough")
	tools := script(t, "echo ready; exec sleep 60")
	cancel(why)
	_, err := tools.Run(ctx, Command{Tool: "tool"})
	require.ErrorIs(t, err, why)
}

func TestOnlyTheBeginningOfOutputIsKept(t *testing.T) {
	h := &head{limit: 10}
	n, err := io.Copy(h, strings.NewReader(strings.Repeat("0123456789", 100)))
	require.NoError(t, err)
	assert.EqualValues(t, 1000, n)
	assert.Equal(t, "0123456789", string(h.kept))
}
