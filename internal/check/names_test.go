package check_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestTheLongestNamesCanBeWrittenTo(t *testing.T) {
	for _, name := range []string{strings.Repeat("a", 250), strings.Repeat("é", 125), "a*b"} {
		file := filepath.Join(t.TempDir(), name+".ign")
		require.NoError(t, os.WriteFile(file, []byte(`{"ignition": {"version": "3.4"}}`), 0o600))
		assert.Equal(t, 0, validate("", "--fix", file).code, name)
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		assert.Equal(t, `{"ignition": {"version": "3.4.0"}}`, string(text))
	}
}
