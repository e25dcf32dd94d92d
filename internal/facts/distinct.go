package facts

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/glowplug-os/glowplug/internal/diag"
)

// distinct refuses JSON with a key that an object has twice: of two values readers take either. Of a text that is no
// JSON it says nothing that counts; it reads along with the one that refuses such a text.
func distinct(text []byte) error {
	s := keyScan{text: text}
	for i := 0; i < len(text); i++ {
		if len(s.open) == 0 && text[i] != '{' && text[i] != '[' {
			continue
		}
		switch text[i] {
		case '{', '[':
			s.open = append(s.open, scope{object: text[i] == '{', first: len(s.keys)})
			s.key = text[i] == '{'
		case '}', ']':
			s.keys = s.keys[:s.open[len(s.open)-1].first]
			s.open, s.key = s.open[:len(s.open)-1], false
		case ',':
			s.key = s.open[len(s.open)-1].object
		case '"':
			end := stringEnd(text, i)
			if end == i {
				return nil
			}
			if s.key && s.met(text[i:end]) {
				return fmt.Errorf("%s: the key %s is there twice", diag.JSONPosition(text, int64(i)), text[i:end])
			}
			s.key, i = false, end-1
		}
	}
	return nil
}

// A keyScan is where a scan of JSON is.
type keyScan struct {
	text []byte
	open []scope
	keys []string // of the objects that are open, those with few keys
	key  bool     // the next string is one
}

// A scope is an object or an array that is open.
type scope struct {
	object bool
	first  int             // where its keys begin
	many   map[string]bool // the keys, once there are more than few
}

// few keys are compared one by one.
const few = 16

// met takes a key, and tells whether the object has it already.
func (s *keyScan) met(quoted []byte) bool {
	key, in := keyText(quoted), &s.open[len(s.open)-1]
	if in.many == nil {
		for _, other := range s.keys[in.first:] {
			if other == key {
				return true
			}
		}
		if s.keys = append(s.keys, key); len(s.keys)-in.first <= few {
			return false
		}
		in.many = map[string]bool{}
		for _, each := range s.keys[in.first:] {
			in.many[each] = true
		}
		return false
	}
	again := in.many[key]
	in.many[key] = true
	return again
}

// keyText is a key without its quotes and escapes.
func keyText(quoted []byte) string {
	text := string(quoted[1 : len(quoted)-1])
	if bytes.IndexByte(quoted, '\\') >= 0 {
		_ = json.Unmarshal(quoted, &text) // others tell what is no string
	}
	return text
}

// stringEnd is the place behind the string that begins at one; the same one if it has no end.
func stringEnd(text []byte, from int) int {
	for i := from + 1; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return from
}
