package providers

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"
)

// opennebula reads the user data out of the variables on the context disc.
func opennebula(ctx context.Context, m *Machine) (Document, error) {
	device, err := device(ctx, m, 30*time.Second, "CONTEXT", "context", "CDROM")
	if err != nil {
		return Document{}, err
	}
	var script []byte
	err = mount(ctx, m, device, "", func(files fs.FS) error {
		script, err = readFile(files, "context.sh")
		return err
	})
	if err != nil {
		return Document{}, err
	}
	variables, err := shellVariables(string(script))
	if err != nil {
		return Document{}, fmt.Errorf("%s: context.sh: %w", device, err)
	}
	text := []byte(first(variables, "USER_DATA", "USERDATA"))
	if encoding := first(variables, "USERDATA_ENCODING", "USER_DATA_ENCODING"); encoding == "base64" {
		text, err = standardBase64(text)
	}
	return Document{Text: text}, err
}

func first(values map[string]string, names ...string) string {
	for _, name := range names {
		if strings.TrimSpace(values[name]) != "" {
			return values[name]
		}
	}
	return ""
}

// shellVariables reads NAME=value lines as a shell would, but runs and replaces nothing: values are words, in single or
// double quotes or bare, over as many lines as quotes hold together.
func shellVariables(script string) (map[string]string, error) {
	variables := map[string]string{}
	for rest := script; ; {
		rest = strings.TrimLeft(rest, " \t\r\n;")
		switch {
		case rest == "":
			return variables, nil
		case rest[0] == '#':
			_, rest, _ = strings.Cut(rest, "\n")
			continue
		}
		rest = strings.TrimPrefix(rest, "export ")
		end := strings.IndexAny(rest, "=\n")
		if end < 0 || rest[end] == '\n' { // no assignment: not ours to run
			_, rest, _ = strings.Cut(rest, "\n")
			continue
		}
		name := strings.TrimSpace(rest[:end])
		value, after, err := shellWord(rest[end+1:])
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		variables[name], rest = value, after
	}
}

// shellWord takes a word off the front of a text.
func shellWord(text string) (word, rest string, err error) {
	var out bytes.Buffer
	for i := 0; i < len(text); i++ {
		switch c := text[i]; c {
		case ' ', '\t', '\r', '\n', ';':
			return out.String(), text[i:], nil
		case '\\':
			if i++; i < len(text) {
				out.WriteByte(text[i])
			}
		case '\'', '"':
			end := quotedEnd(text[i+1:], c)
			if end < 0 {
				return "", "", errors.New("a quote is not closed")
			}
			unquote(&out, text[i+1:][:end], c)
			i += end + 1
		default:
			out.WriteByte(c)
		}
	}
	return out.String(), "", nil
}

// quotedEnd finds the closing quote.
func quotedEnd(text string, quote byte) int {
	for i := 0; i < len(text); i++ {
		switch {
		case text[i] == quote:
			return i
		case text[i] == '\\' && quote == '"':
			i++
		}
	}
	return -1
}

// unquote writes what is between quotes: in double ones a backslash takes the meaning off a few characters.
func unquote(out *bytes.Buffer, text string, quote byte) {
	for i := 0; i < len(text); i++ {
		if quote == '"' && text[i] == '\\' && i+1 < len(text) && strings.IndexByte("\"\\$`\n", text[i+1]) >= 0 {
			if i++; text[i] == '\n' {
				continue
			}
		}
		out.WriteByte(text[i])
	}
}
