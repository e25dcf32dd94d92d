package config

import (
	"reflect"
	"strconv"
	"strings"
)

// Values calls visit with each string of the config that a pattern such as storage.luks.*.name leads to, in their
// order, until visit returns false. Absent strings are left out. path makes the path of the string:
// $.storage.luks.0.name.
func (c *Config) Values(pattern string, visit func(path func() string, value string) bool) {
	w := &valueWalk{steps: strings.Split(pattern, "."), visit: visit}
	w.fields = make([][]int, len(w.steps))
	w.walk(reflect.ValueOf(c), 0)
}

type valueWalk struct {
	steps  []string
	fields [][]int // of each step the field, found once: a step leads through one type, however many items there are
	items  []int   // on the way, for each * of the steps
	visit  func(path func() string, value string) bool
}

// walk follows the steps from one on; false ends the whole walk.
func (w *valueWalk) walk(v reflect.Value, step int) bool {
	for v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return true
		}
		v = v.Elem()
	}
	switch {
	case step == len(w.steps):
		return v.Kind() != reflect.String || w.visit(w.path, v.String())
	case w.steps[step] != "*":
		if w.fields[step] == nil {
			w.fields[step] = fieldNamed(v.Type(), w.steps[step])
		}
		return w.walk(v.FieldByIndex(w.fields[step]), step+1)
	}
	for i := range v.Len() {
		w.items = append(w.items, i)
		more := w.walk(v.Index(i), step+1)
		w.items = w.items[:len(w.items)-1]
		if !more {
			return false
		}
	}
	return true
}

// fieldNamed finds a field by its name in JSON. Those of embedded structs are among the fields of a struct.
func fieldNamed(t reflect.Type, name string) []int {
	for i := range t.NumField() {
		field := t.Field(i)
		if tag, _, _ := strings.Cut(field.Tag.Get("json"), ","); tag == name {
			return field.Index
		}
		if field.Anonymous {
			if found := fieldNamed(field.Type, name); found != nil {
				return append(field.Index, found...)
			}
		}
	}
	return nil
}

func (w *valueWalk) path() string {
	var b strings.Builder
	b.WriteString("$")
	k := 0
	for _, step := range w.steps {
		if step == "*" {
			step = strconv.Itoa(w.items[k])
			k++
		}
		b.WriteString("." + step)
	}
	return b.String()
}

// Says gives the value of an optional field, and the zero value where the field is absent.
func Says[T any](field *T) (value T) {
	if field != nil {
		value = *field
	}
	return value
}

// Opens tells whether a volume opens by this policy, and not by a key alone (docs/peer/spec.md §3.5).
func (c *Clevis) Opens() bool {
	return Says(c.Custom.Pin) != "" || len(c.Tang) > 0 || Says(c.Tpm2) || Says(c.Threshold) != 0
}
