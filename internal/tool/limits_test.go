package tool

import (
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
