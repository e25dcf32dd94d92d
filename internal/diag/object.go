package diag

import (
	"io"
	"strconv"
	"strings"
)

// An Object is an object of JSON output: names and values in turn. A value is a string, an int, a bool, an Object, or a
// list of strings or Objects.
type Object []any

// With adds a member, unless its value is "" or 0.
func (o Object) With(name string, value any) Object {
	if value == "" || value == 0 {
		return o
	}
	return append(o, name, value)
}

// Write writes the object and a newline, so that a terminal may show it.
func (o Object) Write(w io.Writer) error {
	var b strings.Builder
	o.write(&b, "\n")
	_, err := jsonWriter{w}.Write([]byte(b.String() + "\n"))
	return err
}

// WriteList writes a list of objects as Object.Write does one.
func WriteList(w io.Writer, list []Object) error {
	var b strings.Builder
	writeJSONList(&b, list, "\n")
	_, err := jsonWriter{w}.Write([]byte(b.String() + "\n"))
	return err
}

// write writes an object as encoding/json does with two blanks for an indent. The validator does without that package,
// which is 0.2 MB.
func (o Object) write(b *strings.Builder, line string) {
	b.WriteByte('{')
	for i := 0; i < len(o); i += 2 {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(line + "  ")
		writeJSONString(b, o[i].(string))
		b.WriteString(": ")
		switch v := o[i+1].(type) {
		case string:
			writeJSONString(b, v)
		case int:
			b.WriteString(strconv.Itoa(v))
		case bool:
			b.WriteString(strconv.FormatBool(v))
		case []string:
			b.WriteByte('[')
			for i, text := range v {
				if i > 0 {
					b.WriteString(", ")
				}
				writeJSONString(b, text)
			}
			b.WriteByte(']')
		case Object:
			v.write(b, line+"  ")
		case []Object:
			writeJSONList(b, v, line+"  ")
		}
	}
	b.WriteString(line + "}")
}

func writeJSONList(b *strings.Builder, list []Object, line string) {
	if len(list) == 0 {
		b.WriteString("[]")
		return
	}
	b.WriteByte('[')
	for i, o := range list {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(line + "  ")
		o.write(b, line+"  ")
	}
	b.WriteString(line + "]")
}

// writeJSONString escapes what RFC 8259 §7 wants escaped; the stream does the rest.
func writeJSONString(b *strings.Builder, text string) {
	b.WriteByte('"')
	for _, r := range text { // what is not UTF-8 becomes U+FFFD
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r >= ' ':
			b.WriteRune(r)
		case strings.ContainsRune("\b\f\n\r\t", r):
			quoted := strconv.QuoteRune(r)
			b.WriteString(quoted[1 : len(quoted)-1])
		default:
			b.WriteString(`\u00`)
			b.WriteByte("01"[r>>4])
			b.WriteByte("0123456789abcdef"[r&15])
		}
	}
	b.WriteByte('"')
}
