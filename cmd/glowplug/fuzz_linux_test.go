package main

import (
	"io/fs"
	"path"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// someTexts are the files of a root that has no more.
type someTexts map[string]string

func (s someTexts) ReadFile(name string, _ int64) ([]byte, error) {
	if text, is := s[name]; is {
		return []byte(text), nil
	}
	return nil, fs.ErrNotExist
}

func (s someTexts) Names(dir string) (names []string, err error) {
	for name := range s {
		if path.Dir(name) == dir {
			names = append(names, path.Base(name))
		}
	}
	slices.Sort(names)
	return names, nil
}

// Invariants: no panic, and an end, also where files include each other; one without a word of the file with keys, of
// an Include or of a program does not read it.
func FuzzSSHD(f *testing.F) {
	f.Add("Include sshd_config.d/*\nAuthorizedKeysFile=\".ssh/authorized_keys\"\n", "AuthorizedKeysCommand none\n")
	f.Add("include *\nInclude /etc/ssh/[", "Include /etc/ssh/sshd_config.d/* /etc/ssh/*\n")
	f.Fuzz(func(t *testing.T, main, included string) {
		s := sshd{in: someTexts{sshdConfig: main, path.Dir(sshdConfig) + "/sshd_config.d/a.conf": included}}
		s.read(sshdConfig, 0)
		require.True(t, s.known)
		require.LessOrEqual(t, s.files, 100*mostSSHDFiles)
	})
}
