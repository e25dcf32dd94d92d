package cli

import (
	"slices"
	"strings"

	"github.com/glowplug-os/glowplug/internal/diag"
)

// Choose has the first argument say which command is called. Of a file in the place of a command it says that the one
// called reads is meant, and of an option which command it belongs to.
func Choose(reads string) func(program *Program, args []string) (*Command, []string, error) {
	return func(program *Program, args []string) (*Command, []string, error) { return program.find(args, reads) }
}

func (program *Program) find(args []string, reads string) (*Command, []string, error) {
	front, args := cutColor(args)
	switch {
	case len(args) == 0:
		return program.overview(), nil, ShowUsage(ExitUsage)
	case slices.Contains([]string{"--help", "-help", "-h"}, args[0]):
		return program.overview(), nil, ErrHelp
	case slices.Contains([]string{"--version", "-version"}, args[0]):
		return program.overview(), nil, ErrVersion
	}
	var words []string
	for i := range program.Commands {
		c := &program.Commands[i]
		if c.word() == args[0] {
			c.Product = program.Product
			return c, append(front, args[1:]...), nil
		}
		words = append(words, c.word())
	}
	isOption := strings.HasPrefix(args[0], "-")
	switch err := program.misplaced(args[0]); {
	case isOption && err != nil:
		return program.overview(), nil, err
	case isOption && program.Otherwise != nil:
		return program.Otherwise(), append(front, args...), nil
	}
	err := Misuse("the command %q is not known", args[0])
	if !isOption && strings.ContainsAny(args[0], "./") {
		return program.overview(), nil, diag.WithHint(err, "did you mean "+program.Called+" "+reads+" "+args[0]+"?")
	}
	return program.overview(), nil, meant(err, args[0], words)
}

// cutColor takes the options off that may stand in front of a command, to be read with its own.
func cutColor(args []string) (front, rest []string) {
	for n := 0; n < len(args); n++ {
		switch {
		case args[n] == "--color":
			n++
		case !strings.HasPrefix(args[n], "--color="):
			return args[:n:n], args[n:]
		}
	}
	return args, nil
}

// misplaced is the error of an option that means nothing without a command, and something with one.
func (program *Program) misplaced(arg string) error {
	name, _, _ := strings.Cut(strings.TrimLeft(arg, "-"), "=")
	knows := func(c *Command) bool { return (&parser{command: c}).named(name) != nil }
	if len(name) < 2 || program.Otherwise != nil && knows(program.Otherwise()) {
		return nil
	}
	for i := range program.Commands {
		if c := &program.Commands[i]; knows(c) {
			return diag.WithHint(Misuse("the option --%s belongs to a command, and none is named", name),
				"did you mean "+c.Called+" --"+name+"?")
		}
	}
	return nil
}

// Word has the first argument call a command if it is its word; all else is for the program itself, whose arguments may
// be anything.
func Word(program *Program, args []string) (*Command, []string, error) {
	for i := range program.Commands {
		if c := &program.Commands[i]; len(args) > 0 && c.word() == args[0] {
			c.Product = program.Product
			return c, args[1:], nil
		}
	}
	return &program.Command, args, nil
}
