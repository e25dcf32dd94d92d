package config

import (
	_ "embed" // the comments of the model are what people are told of each field
	"reflect"
	"strings"
)

//go:embed model.go
var modelText string

// Lines gives a line on each field that says what it is for, by the field's path, with * for any index. The lines are
// the comments on the fields of Config and of the types below it.
func Lines() map[string]string {
	comments, lines := comments(modelText), map[string]string{}
	var walk func(t reflect.Type, path string)
	walk = func(t reflect.Type, path string) {
		switch t.Kind() {
		case reflect.Pointer:
			walk(t.Elem(), path)
		case reflect.Slice:
			walk(t.Elem(), path+".*")
		case reflect.Struct:
			for i := range t.NumField() {
				f := t.Field(i)
				if f.Anonymous {
					walk(f.Type, path)
					continue
				}
				name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
				at := strings.TrimPrefix(path+"."+name, ".")
				lines[at] = comments[t.Name()+"."+f.Name]
				walk(f.Type, at)
			}
		}
	}
	walk(reflect.TypeFor[Config](), "")
	return lines
}

// comments reads the comments of fields from the text of their types, as gofmt lays it out: "File.Mode".
func comments(text string) map[string]string {
	all := map[string]string{}
	name, said := "", ""
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		comment, isComment := strings.CutPrefix(line, "\t// ")
		field, isField := strings.CutPrefix(line, "\t")
		switch opened, isType := strings.CutPrefix(line, "type "); {
		case isType:
			name, _, _ = strings.Cut(opened, " ")
		case isComment:
			said = strings.TrimSpace(said + " " + comment)
		case isField:
			field, _, _ = strings.Cut(field, " ")
			all[name+"."+field], said = said, ""
		}
	}
	return all
}
