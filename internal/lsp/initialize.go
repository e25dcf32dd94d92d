package lsp

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/glowplug-os/glowplug/internal/check"
)

// initialize begins the session. Options that cannot be used are told of, and the session goes on without them.
func (s *server) initialize(m *message) (any, error) {
	if s.state != fresh {
		return nil, fails(invalidRequest, "initialize comes once")
	}
	p, err := params[initializeParams](m)
	if err != nil {
		return nil, err
	}
	if slices.Contains(p.Capabilities.General.PositionEncodings, string(utf8Bytes)) {
		s.encoding = utf8Bytes
	}
	options, err := optionsOf(p.InitializationOptions)
	if err == nil {
		s.judge, err = check.NewJudge(s.program.Means, s.program.Root, options, p.inside)
	}
	if err != nil {
		s.notify("window/showMessage", logParams{isError, "glowplug: initializationOptions: " + err.Error()})
		if s.judge, err = check.NewJudge(s.program.Means, s.program.Root, nil, p.inside); err != nil {
			return nil, err
		}
	}
	s.state = running
	return s.capabilities(), nil
}

type object map[string]any

func (s *server) capabilities() object {
	const incremental = 2
	return object{
		"capabilities": object{
			"positionEncoding":       s.encoding,
			"textDocumentSync":       object{"openClose": true, "change": incremental, "save": object{}},
			"hoverProvider":          true,
			"completionProvider":     object{"triggerCharacters": []string{`"`, ":", " ", "-"}},
			"definitionProvider":     true,
			"codeActionProvider":     object{"codeActionKinds": []string{quickFix, fixAll}},
			"documentSymbolProvider": true,
		},
		"serverInfo": object{"name": "glowplug", "version": s.program.Version},
	}
}

// optionsOf reads options of the validate command: a text, or a list of those that the command takes one after another.
// A client in Lua may write an empty object as a list.
func optionsOf(text json.RawMessage) (map[string][]string, error) {
	options, given := map[string][]string{}, map[string]json.RawMessage{}
	var none []struct{}
	if len(text) == 0 || json.Unmarshal(text, &none) == nil && len(none) == 0 {
		return options, nil
	}
	if err := json.Unmarshal(text, &given); err != nil {
		return nil, errors.New("an object of options is taken")
	}
	for name, value := range given {
		var text string
		var list []string
		var truth bool
		switch {
		case json.Unmarshal(value, &text) == nil:
			list = []string{text}
		case json.Unmarshal(value, &list) == nil:
		case json.Unmarshal(value, &truth) == nil:
			list = []string{strconv.FormatBool(truth)}
		default:
			return nil, fmt.Errorf("%s: a text, a list of texts, true or false is taken", name)
		}
		options[name] = list
	}
	return options, nil
}

// inside makes a path absolute: one that is relative is so to the folder that the client works in.
func (p *initializeParams) inside(path string) string {
	root := p.RootURI
	if len(p.WorkspaceFolders) > 0 {
		root = cmp.Or(p.WorkspaceFolders[0].URI, root)
	}
	if folder, is := fileOf(root); is && !filepath.IsAbs(path) {
		return filepath.Join(folder, path)
	}
	return path
}

func (s *server) shutdown(*message) (any, error) {
	s.state = stopping
	return nil, nil
}
