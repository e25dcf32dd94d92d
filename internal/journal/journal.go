// Package journal sends structured entries to journald: the two that images look for, and how a stage has ended. It is
// not where log lines go; they take the way of package logs.
//
// The protocol is that of https://systemd.io/JOURNAL_NATIVE_PROTOCOL/, without its detour by a file descriptor for
// entries that are larger than a datagram: none here is.
package journal

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"strconv"
	"strings"
	"syscall"

	"github.com/glowplug-os/glowplug/internal/diag"
)

// DefaultSocket is where journald listens.
const DefaultSocket = "/run/systemd/journal/socket"

// identifier is what `journalctl -t` finds entries by (docs/peer/engine.md §16).
const identifier = "ignition"

const priorityInfo = "6"

// stageEnded is the kind of entries about the end of a stage, which carry ownIdentifier: who looks by the other name
// gets the log.
const (
	stageEnded    = "8d0cf5bb2a6c4f5c9d1e2f60c3d7a41b"
	ownIdentifier = "glowplug"
	priorityError = "3"
)

// The two kinds of entries that other programs look for (docs/peer/engine.md §16).
const (
	configFetched = "57124006b5c94805b77ce473e92a8aeb"
	keysWritten   = "225067b87bbd4a0cb6ab151f82fa364b"
)

// A Field is one of an entry. Name is A-Z, 0-9 and _, at most 64 bytes, and starts with a letter: journald drops
// others, and those that start with _ are its own.
type Field struct{ Name, Value string }

// A NameError is a field that journald would drop without a word.
type NameError struct{ Name string }

func (e *NameError) Error() string { return fmt.Sprintf("journal: %q is no name of a field", e.Name) }

// ErrAbsent is in the error about a machine where no journald listens.
var ErrAbsent = errors.New("no journald")

// A Socket is the path of the socket that journald listens on.
type Socket string

// Encode gives the form of an entry that travels to journald.
func Encode(fields []Field) ([]byte, error) {
	var out []byte
	for _, f := range fields {
		if !isName(f.Name) {
			return nil, &NameError{f.Name}
		}
		out = append(out, f.Name...)
		if !strings.Contains(f.Value, "\n") {
			out = append(append(append(out, '='), f.Value...), '\n')
			continue
		}
		// A value of several lines has its length before it.
		out = binary.LittleEndian.AppendUint64(append(out, '\n'), uint64(len(f.Value)))
		out = append(append(out, f.Value...), '\n')
	}
	return out, nil
}

// isName is the rule of journald (journal_field_valid).
func isName(name string) bool {
	if name == "" || len(name) > 64 || name[0] < 'A' || name[0] > 'Z' {
		return false
	}
	for i := range len(name) {
		if c := name[i]; (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '_' {
			return false
		}
	}
	return true
}

// Send sends one entry. Its error is ErrAbsent where nobody listens, a *NameError, or that of the socket; an entry too
// large for a datagram is EMSGSIZE.
func (s Socket) Send(fields ...Field) error {
	entry, err := Encode(fields)
	if err != nil {
		return err
	}
	conn, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: string(s), Net: "unixgram"})
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ECONNREFUSED) {
		return fmt.Errorf("journal %s: %w", string(s), ErrAbsent)
	}
	if err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	defer conn.Close()
	if _, err := conn.Write(entry); err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	return nil
}

// ConfigFetched tells of a config that was fetched. Kind is "base" or "user", source "system", "cmdline", a platform or
// the path of a URL. Without journald it is ErrAbsent, which is no reason to fail.
func (s Socket) ConfigFetched(kind, source string, referenced bool) error {
	what := kind
	if referenced {
		what = "referenced " + kind
	}
	return s.Send(
		Field{"MESSAGE", fmt.Sprintf("fetched %s config from %q", what, source)}, Field{"PRIORITY", priorityInfo},
		Field{"SYSLOG_IDENTIFIER", identifier},
		Field{"MESSAGE_ID", configFetched}, Field{"IGNITION_CONFIG_TYPE", kind}, Field{"IGNITION_CONFIG_SRC", source},
		Field{"IGNITION_CONFIG_REFERENCED", strconv.FormatBool(referenced)},
	)
}

// KeysWritten tells of a user's file of SSH keys. Path includes that of the target root. Without journald nothing
// happens.
func (s Socket) KeysWritten(user, path string) error {
	err := s.Send(
		Field{"MESSAGE", "wrote ssh authorized keys file for user: " + diag.Printable(user)},
		Field{"PRIORITY", priorityInfo}, Field{"SYSLOG_IDENTIFIER", identifier},
		Field{"MESSAGE_ID", keysWritten}, Field{"IGNITION_USER_NAME", user}, Field{"IGNITION_PATH", path},
	)
	if errors.Is(err, ErrAbsent) {
		return nil
	}
	return err
}

// StageEnded tells how a stage has ended, with fields that say more. Without journald nothing happens.
func (s Socket) StageEnded(message string, failed bool, fields ...Field) error {
	priority := priorityInfo
	if failed {
		priority = priorityError
	}
	err := s.Send(append([]Field{{"MESSAGE", message}, {"PRIORITY", priority}, {"SYSLOG_IDENTIFIER", ownIdentifier},
		{"MESSAGE_ID", stageEnded}}, fields...)...)
	if errors.Is(err, ErrAbsent) {
		return nil
	}
	return err
}
