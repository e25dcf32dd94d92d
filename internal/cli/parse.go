package cli

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/glowplug-os/glowplug/internal/diag"
)

// A parser reads arguments by the grammar and the options of one command.
type parser struct {
	command  *Command
	args     []string // not read yet
	operands []string
	given    map[*Option]bool
}

// Parse sets the options and gives the arguments that are none.
func (c *Command) Parse(args []string) (operands []string, err error) {
	for _, o := range c.Options {
		if o.Default != "" {
			if err := o.Set(o.Default); err != nil {
				return nil, fmt.Errorf("the default of --%s: %w", o.Long, err)
			}
		}
	}
	if c.Grammar.LastHoldsSeveral {
		args = takeApart(args)
	}
	p := parser{command: c, args: args, given: map[*Option]bool{}}
	err = p.run()
	return p.operands, err
}

func (p *parser) run() (err error) {
	for err == nil && len(p.args) > 0 {
		arg := p.args[0]
		p.args = p.args[1:]
		switch {
		case arg == "--":
			p.rest()
		case arg == "-", !strings.HasPrefix(arg, "-"):
			p.operands = append(p.operands, arg)
			if p.command.Grammar.OperandsEnd {
				p.rest()
			}
		case p.isName(arg):
			err = p.name(arg)
		default:
			err = p.letters(arg, arg[1:])
		}
	}
	return err
}

// rest has no options any more.
func (p *parser) rest() { p.operands, p.args = append(p.operands, p.args...), nil }

// isName tells whether an argument has the name of an option behind its dashes, or letters.
func (p *parser) isName(arg string) bool {
	if strings.HasPrefix(arg, "--") {
		return true
	}
	switch p.command.Grammar.Dash {
	case DashName:
		return true
	case DashLetters:
		return false
	}
	name, _, _ := strings.Cut(arg[1:], "=")
	return p.named(name) != nil
}

// name reads --name, --name=value, --name value.
func (p *parser) name(arg string) error {
	shown, value, given := strings.Cut(arg, "=")
	name := strings.TrimPrefix(shown[1:], "-")
	o := p.named(name)
	if o == nil && len(name) == 1 && p.command.Grammar.Dash != DashLetters {
		o = p.lettered(name[0])
	}
	switch {
	case o == nil:
		return p.unknown(p.command.Grammar.words.unknown, shown)
	case given:
	case o.Value == "":
		value = "true"
	case o.Implied != "":
		value = o.Implied
	default:
		return p.next(o, shown)
	}
	return p.set(o, shown, value)
}

// letters reads -a, -abc, -dVALUE, -d=VALUE, -d VALUE.
func (p *parser) letters(arg, letters string) error {
	for letters != "" {
		letter, rest := letters[0], letters[1:]
		o := p.lettered(letter)
		if o == nil {
			shown, _, _ := strings.Cut(arg, "=")
			return p.unknown(p.command.Grammar.words.unknownLetter, shown)
		}
		shown := "-" + string(letter)
		switch {
		case len(rest) > 1 && rest[0] == '=':
			return p.set(o, shown, rest[1:])
		case o.Value != "" && rest != "":
			return p.set(o, shown, rest)
		case o.Value != "":
			return p.next(o, shown)
		}
		if err := p.set(o, shown, "true"); err != nil {
			return err
		}
		letters = rest
	}
	return nil
}

// next takes the value from the next argument.
func (p *parser) next(o *Option, shown string) error {
	if len(p.args) == 0 {
		return p.misused(o, fmt.Errorf(p.command.Grammar.words.noValue, shown))
	}
	value := p.args[0]
	p.args = p.args[1:]
	return p.set(o, shown, value)
}

func (p *parser) set(o *Option, shown, value string) error {
	if err := o.refuse(value); err != nil {
		return err
	}
	if value == "" && o.Value != "" && p.command.Grammar.Standard {
		return p.misused(o, fmt.Errorf(p.command.Grammar.words.noValue, shown))
	}
	if p.given[o] && p.command.Grammar.Standard && o.Value != "" && !o.Several {
		return p.misused(o, fmt.Errorf("the option %s is given twice, and takes one value", shown))
	}
	p.given[o] = true
	if o.Given != nil {
		*o.Given = true
	}
	err := o.Set(value)
	if err == nil || errors.Is(err, ErrHelp) || errors.Is(err, ErrVersion) {
		return err
	}
	bad := fmt.Errorf(p.command.Grammar.words.badValue, shown, value)
	if usage := (*UsageError)(nil); errors.As(err, &usage) { // others are the words of a library
		bad = fmt.Errorf("%w: %w", bad, err)
	}
	return p.misused(o, bad)
}

// Take sets an option from elsewhere than an argument.
func (o *Option) Take(value string) error {
	if err := o.refuse(value); err != nil {
		return err
	}
	return o.Set(value)
}

// refuse is the error of a value that is none of those that there are.
func (o *Option) refuse(value string) error {
	if o.Values == nil || o.Open || slices.Contains(o.Values, value) {
		return nil
	}
	return Misuse("the %s %q is not known: %s are known", o.Long, value, List(o.Values))
}

// misused is wrong usage of an option, with what it takes where the grammar is ours.
func (p *parser) misused(o *Option, err error) error {
	if o.Value == "" || !p.command.Grammar.Standard {
		return &UsageError{err}
	}
	return &UsageError{diag.WithHint(err, fmt.Sprintf("--%s %s: %s", o.Long, o.Value, o.Words))}
}

func (p *parser) named(name string) *Option {
	return p.find(func(o *Option) bool { return o.Long == name || slices.Contains(o.Aliases, name) })
}

func (p *parser) lettered(letter byte) *Option {
	return p.find(func(o *Option) bool { return o.Short == letter && letter != 0 })
}

func (p *parser) find(is func(*Option) bool) *Option {
	for i := range p.command.Options {
		if is(&p.command.Options[i]) {
			return &p.command.Options[i]
		}
	}
	return nil
}

func (p *parser) unknown(format, shown string) error {
	var names []string
	for _, o := range p.command.Options {
		if !o.Hidden {
			names = append(names, "--"+o.Long)
		}
	}
	return meant(Misuse(format, shown), strings.TrimLeft(shown, "-"), names)
}

// takeApart gives the arguments with those that the last one holds. One option whose value has blanks stays whole.
func takeApart(args []string) []string {
	if len(args) == 0 {
		return args
	}
	rest, last := args[:len(args)-1], strings.TrimSpace(args[len(args)-1])
	name, _, several := strings.Cut(last, " ")
	switch {
	case !strings.HasPrefix(last, "-"):
		return args
	case strings.Contains(last, " -"), several && !strings.Contains(name, "="):
		return append(slices.Clone(rest), strings.Fields(last)...)
	}
	return append(slices.Clone(rest), last)
}

// meant adds the name to an error that somebody may have meant by another.
func meant(err error, name string, names []string) error {
	if near := diag.Nearest(name, names); near != "" {
		return diag.WithHint(err, "did you mean "+near+"?")
	}
	return err
}

// List joins words as a sentence does.
func List(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " and " + words[last]
}
