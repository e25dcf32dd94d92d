package tool

import (
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/internal/diag"
)

func TestAToolAndItsChildrenReadSecretsAsFilesAsOftenAsTheyLike(t *testing.T) {
	key := diag.Secret("k\x00ey\n")
	script := `cat "$1"; sh -c 'cat "$0"' "$1"; cat "$2"`
	out, err := New(nil, nil).Run(t.Context(), Command{
		Tool: "sh", Args: []string{"-c", script, "sh", SecretFile(0), SecretFile(1)},
		Secrets: []diag.Secret{key, "second"},
	})
	require.NoError(t, err)
	assert.Equal(t, "k\x00ey\nk\x00ey\nsecond", string(out))
}

func TestAToolThatHangsIsEndedAndNamed(t *testing.T) {
	_, err := New(nil, nil).Within(50*time.Millisecond).Run(t.Context(),
		Command{Tool: "sleep", Args: []string{"60"}})
	assert.EqualError(t, err, "sleep: has not ended after 50ms")
}

func TestAToolThatLeavesAChildBehindHasEnded(t *testing.T) {
	out, err := script(t, `sleep 60 & echo $!`).Run(t.Context(), Command{Tool: "tool"})
	require.NoError(t, err)
	child, err := strconv.Atoi(strings.TrimSpace(string(out)))
	require.NoError(t, err, "what it has printed is there")
	require.NoError(t, syscall.Kill(child, syscall.SIGKILL), "a server, say, stays")
	out, err = script(t, `sleep 60 & echo here; exit 1`).Run(t.Context(), Command{Tool: "tool"})
	assert.ErrorContains(t, err, "tool: exit status 1: ")
	assert.Equal(t, "here\n", string(out))
}
