package users

import (
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"
)

// Invariants: no panic; a version is the rest of a line of the database, whatever the sizes in which that is read.
func FuzzInstalled(f *testing.F) {
	f.Add("Package: passwd\nStatus: install ok installed\nVersion: 1:4.13+dfsg1-1\n\nPackage: other\nVersion: 2\n")
	f.Add("Version: 1\nPackage: passwd\n Version: 2\r\nVersion: 3")
	f.Fuzz(func(t *testing.T, text string) {
		version, err := installed(strings.NewReader(text), "passwd")
		require.NoError(t, err)
		require.True(t, version == "" || strings.Contains("\n"+text, "\nVersion: "+version))
		slowly, err := installed(iotest.OneByteReader(strings.NewReader(text)), "passwd")
		require.NoError(t, err)
		require.Equal(t, version, slowly)
	})
}
