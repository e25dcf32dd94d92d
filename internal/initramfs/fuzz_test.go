package initramfs

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// Invariants: no panic; a script needs no libraries, and a file that is refused gives nothing.
func FuzzProgram(f *testing.F) {
	var empty bytes.Buffer
	_ = binary.Write(&empty, binary.LittleEndian, elf.Header64{
		Ident: [elf.EI_NIDENT]byte{0x7f, 'E', 'L', 'F', byte(elf.ELFCLASS64), byte(elf.ELFDATA2LSB), 1},
		Type:  uint16(elf.ET_DYN), Machine: uint16(elf.EM_X86_64), Version: 1, Ehsize: 64, Phentsize: 56,
		Shentsize: 64,
	})
	f.Add(empty.Bytes())
	f.Add([]byte("#! /bin/sh -e\n"))
	f.Add([]byte("\x7fELF\x02\x01\x01"))
	file := filepath.Join(f.TempDir(), "program")
	f.Fuzz(func(t *testing.T, content []byte) {
		require.NoError(t, os.WriteFile(file, content, 0o600))
		o, err := read(file)
		if err != nil {
			require.Empty(t, o)
		} else if bytes.HasPrefix(content, []byte("#!")) {
			require.Empty(t, o.libraries)
		}
	})
}

// Invariants: no panic; folders are absolute, and one line each.
func FuzzLibraryFolders(f *testing.F) {
	f.Add("include /etc/ld.so.conf.d/*.conf\n/usr/local/lib # x\n\t/opt/a:b\n")
	dir := f.TempDir()
	require.NoError(f, os.WriteFile(filepath.Join(dir, "ld.so.conf"), nil, 0o600))
	s, err := openSystem(dir)
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, text string) {
		require.NoError(t, os.WriteFile(filepath.Join(dir, "ld.so.conf"), []byte(text), 0o600))
		for _, folder := range s.foldersOf("/ld.so.conf") {
			require.True(t, filepath.IsAbs(folder))
			require.NotContains(t, folder, "\n")
		}
	})
}
