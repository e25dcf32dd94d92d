package diag

import (
	"strconv"
	"strings"
)

// write writes an object as encoding/json does with two blanks for an indent. The validator does without that package,
// which is 0.2 MB.
func (o jsonObject) write(b *strings.Builder, line string) {
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
		case jsonObject:
			v.write(b, line+"  ")
		case []jsonObject:
			writeJSONList(b, v, line+"  ")
		}
	}
	b.WriteString(line + "}")
}

func writeJSONList(b *strings.Builder, list []jsonObject, line string) {
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
