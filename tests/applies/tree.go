package applies

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// read gives a JSON text as maps, lists, texts and numbers; nil where it is no object.
func read(text string) map[string]any {
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var object map[string]any
	if d.Decode(&object) != nil {
		return nil
	}
	return object
}

// write gives them as a JSON text. Keys come in the order of their bytes.
func write(value any) string {
	var text strings.Builder
	e := json.NewEncoder(&text)
	e.SetEscapeHTML(false)
	if err := e.Encode(value); err != nil {
		panic(err) // it was read, or is in a table
	}
	return strings.TrimSuffix(text.String(), "\n")
}

// clone copies what is read.
func clone(value any) any {
	switch value := value.(type) {
	case map[string]any:
		copied := maps.Clone(value)
		for key, each := range copied {
			copied[key] = clone(each)
		}
		return copied
	case []any:
		copied := slices.Clone(value)
		for i, each := range copied {
			copied[i] = clone(each)
		}
		return copied
	}
	return value
}

// put sets the value at a path, in which * is the first item of a list. What is missing on the way is made.
func put(in any, path []string, value any) any {
	if len(path) == 0 {
		return value
	}
	if path[0] == "*" {
		list, _ := in.([]any)
		if len(list) == 0 {
			list = []any{nil}
		}
		list[0] = put(list[0], path[1:], value)
		return list
	}
	object, _ := in.(map[string]any)
	if object == nil {
		object = map[string]any{}
	}
	object[path[0]] = put(object[path[0]], path[1:], value)
	return object
}

// A place is a value in a config: where it is, as the language's table has it and by index, and what sets it.
type place struct {
	path, at string
	value    any
	set      func(any)
	remove   func()
}

// places lists all values of a config, keys in the order of their bytes.
func places(config map[string]any) (all []place) {
	var walk func(p place)
	walk = func(p place) {
		if p.path != "" {
			all = append(all, p)
		}
		switch value := p.value.(type) {
		case map[string]any:
			for _, key := range slices.Sorted(maps.Keys(value)) {
				walk(place{join(p.path, key), join(p.at, key), value[key], func(v any) { value[key] = v },
					func() { delete(value, key) }})
			}
		case []any:
			for i, each := range value {
				walk(place{p.path + ".*", p.at + "." + strconv.Itoa(i), each, func(v any) { value[i] = v },
					func() { p.set(slices.Delete(slices.Clone(value), i, i+1)) }})
			}
		}
	}
	walk(place{value: config})
	return all
}

func join(path, key string) string { return strings.TrimPrefix(path+"."+key, ".") }

// brief is a value as it stands in the name of a case.
func brief(value any) string {
	text := fmt.Sprintf("%q", fmt.Sprint(value))
	if len(text) > 40 {
		text = fmt.Sprintf("%s (%d)", text[:30], len(text))
	}
	return text
}
