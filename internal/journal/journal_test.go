package journal

import (
	"bytes"
	"encoding/binary"
	"errors"
	"net"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestEntries(t *testing.T) {
	for name, c := range map[string]struct {
		fields []Field
		entry  string
	}{
		"nothing":          {nil, ""},
		"fields are lines": {[]Field{{"MESSAGE", "a = b"}, {"A_1", ""}}, "MESSAGE=a = b\nA_1=\n"},
		"a value of several lines": {[]Field{{"A", "x\ny"}, {"B", "z"}},
			"A\n\x03\x00\x00\x00\x00\x00\x00\x00x\ny\nB=z\n"},
		"a value that looks like one": {[]Field{{"A", "x\nB=forged"}},
			"A\n\x0a\x00\x00\x00\x00\x00\x00\x00x\nB=forged\n"},
	} {
		t.Run(name, func(t *testing.T) {
			entry, err := Encode(c.fields)
			require.NoError(t, err)
			assert.Equal(t, c.entry, string(entry))
		})
	}
}

func TestNamesThatJournaldWouldDrop(t *testing.T) {
	for _, name := range []string{"", "a", "1A", "_PID", "A-B", "A B", "A=B", "A\nB", "É", strings.Repeat("A", 65)} {
		_, err := Encode([]Field{{name, "x"}})
		var wrong *NameError
		require.ErrorAs(t, err, &wrong, name)
		assert.Equal(t, name, wrong.Name)
	}
	_, err := Encode([]Field{{strings.Repeat("A", 64), ""}, {"Z_9", ""}})
	require.NoError(t, err)
}

// decode is the reading side, by the description of the protocol.
func decode(entry []byte) (fields []Field, ok bool) {
	for len(entry) > 0 {
		end := bytes.IndexByte(entry, '\n')
		if end < 0 {
			return nil, false
		}
		line := string(entry[:end])
		entry = entry[end+1:]
		if name, value, isLine := strings.Cut(line, "="); isLine {
			fields = append(fields, Field{name, value})
			continue
		}
		if len(entry) < 8 {
			return nil, false
		}
		size := binary.LittleEndian.Uint64(entry)
		if uint64(len(entry)) < 9+size || entry[8+size] != '\n' {
			return nil, false
		}
		fields = append(fields, Field{line, string(entry[8 : 8+size])})
		entry = entry[9+size:]
	}
	return fields, true
}

// FuzzEncode: whatever the values, what is read is what was written, and nothing more.
func FuzzEncode(f *testing.F) {
	f.Add("MESSAGE", "text", "second")
	f.Add("A", "x\nB=forged", "\x00\xff\n")
	f.Add("_", "", "\n")
	f.Fuzz(func(t *testing.T, name, one, two string) {
		want := []Field{{name, one}, {"LAST", two}}
		entry, err := Encode(want)
		if err != nil {
			return
		}
		got, ok := decode(entry)
		require.True(t, ok)
		require.Equal(t, want, got)
	})
}

// listen gives a socket and what receives one entry from it.
func listen(t *testing.T) (Socket, func() map[string]string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "socket")
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	require.NoError(t, err)
	t.Cleanup(func() { conn.Close() })
	return Socket(path), func() map[string]string {
		buf := make([]byte, 1<<16)
		n, err := conn.Read(buf)
		require.NoError(t, err)
		fields, ok := decode(buf[:n])
		require.True(t, ok)
		all := map[string]string{}
		for _, f := range fields {
			all[f.Name] = f.Value
		}
		return all
	}
}

func TestTheTwoKinds(t *testing.T) {
	s, next := listen(t)
	require.NoError(t, s.ConfigFetched("user", "/a\nb", true))
	assert.Equal(t, map[string]string{
		"MESSAGE": `fetched referenced user config from "/a\nb"`, "MESSAGE_ID": "57124006b5c94805b77ce473e92a8aeb",
		"PRIORITY": "6", "SYSLOG_IDENTIFIER": "ignition",
		"IGNITION_CONFIG_TYPE": "user", "IGNITION_CONFIG_SRC": "/a\nb", "IGNITION_CONFIG_REFERENCED": "true",
	}, next())
	require.NoError(t, s.ConfigFetched("base", "system", false))
	got := next()
	assert.Equal(t, []string{`fetched base config from "system"`, "false"},
		[]string{got["MESSAGE"], got["IGNITION_CONFIG_REFERENCED"]})
	require.NoError(t, s.KeysWritten("core", "/sysroot/home/core/.ssh/authorized_keys"))
	assert.Equal(t, map[string]string{
		"MESSAGE": "wrote ssh authorized keys file for user: core", "MESSAGE_ID": "225067b87bbd4a0cb6ab151f82fa364b",
		"PRIORITY": "6", "SYSLOG_IDENTIFIER": "ignition",
		"IGNITION_USER_NAME": "core", "IGNITION_PATH": "/sysroot/home/core/.ssh/authorized_keys",
	}, next())
}

func TestWithoutJournald(t *testing.T) {
	gone := filepath.Join(t.TempDir(), "gone")
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: gone, Net: "unixgram"})
	require.NoError(t, err)
	require.NoError(t, conn.Close()) // leaves the socket file, on which nobody listens
	for _, path := range []string{filepath.Join(t.TempDir(), "none/none"), gone} {
		s := Socket(path)
		require.ErrorIs(t, s.ConfigFetched("base", "system", false), ErrAbsent)
		require.NoError(t, s.KeysWritten("core", "/x"))
	}
	err = Socket("/"+strings.Repeat("long", 50)).KeysWritten("core", "/x")
	require.Error(t, err)
	require.NotErrorIs(t, err, ErrAbsent)
}

func TestAnEntryThatIsTooLarge(t *testing.T) {
	s, _ := listen(t)
	err := s.Send(Field{"MESSAGE", strings.Repeat("x", 8<<20)})
	require.True(t, errors.Is(err, syscall.EMSGSIZE) || errors.Is(err, syscall.ENOBUFS), "%v", err)
}

func TestTheEndOfAStage(t *testing.T) {
	s, next := listen(t)
	require.NoError(t, s.StageEnded("files is done", false, Field{"GLOWPLUG_STAGE", "files"}))
	assert.Equal(t, map[string]string{"MESSAGE": "files is done", "PRIORITY": "6", "SYSLOG_IDENTIFIER": "glowplug",
		"MESSAGE_ID": stageEnded, "GLOWPLUG_STAGE": "files"}, next())
	require.NoError(t, s.StageEnded("Ignition failed: files: x", true))
	assert.Equal(t, "3", next()["PRIORITY"])
	require.NoError(t, Socket(filepath.Join(t.TempDir(), "none")).StageEnded("x", false))
}
