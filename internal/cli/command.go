package cli

import (
	"context"
	"strconv"
	"time"
)

// Exit codes of every command; a stage has one more.
const (
	ExitOK     = 0
	ExitFailed = 1
	ExitUsage  = 2
)

// A Command is one row: all that help, completion, man page and docs say of it, and what runs.
type Command struct {
	Called   string   // all words that it is called by, such as "glowplug validate"
	Usage    []string // its lines of usage, whole
	Brief    string   // what follows its name in a list of commands
	Short    string   // what it does, for a list: a verb in front, no full stop
	Text     []string // paragraphs; a line that begins with two blanks stays as it is
	Options  []Option
	Notes    []string // paragraphs behind the options
	Exits    []Exit   // in the order of their codes
	Examples []string // as they can be typed; one may have several lines
	Grammar  Grammar
	Operands Operands
	Product  string // what --version calls it
	Level    string // the version of a program of another project in whose place it stands; "" if it does not
	Topic    string // what help calls it, where that is not its last word
	Section  string // of the manual: "1" or "8"; none has no page of its own
	LogsOnly bool   // what it writes to standard output is a log, whose loss is no failure
	// Stops: a signal ends the context of Run, which leaves nothing half done. Any other command is ended by the signal
	// itself, whatever it waits for.
	Stops bool

	// Run does it, and gets the arguments that are no options. An error that is none of this package's is a failure.
	Run func(ctx context.Context, p *Process, operands []string) error
	// Misused may deal with a UsageError itself, where nobody calls the command who could call it better.
	Misused func(p *Process, err error) error
}

// An Option is one of a command.
type Option struct {
	Long    string
	Short   byte     // 0 has none
	Aliases []string // other long names, which nothing tells of
	Value   string   // what its value is called; a switch has none
	Values  []string // the values that there are
	Open    bool     // the command judges the value, and not the parser
	Implied string   // the value where none is given with =, which is then the only way to give one
	Default string   // set before any argument is read
	Several bool     // it may be given again: each value counts, or the last one, as a wrapper may have given the first
	Given   *bool    // becomes true where an argument sets the option; nil where that does not matter
	Words   string   // one or more sentences without a full stop
	Hidden  bool     // nothing tells of it

	// Set takes a value; a switch gets "true" or what was given with =.
	Set func(value string) error
}

// An Exit is an exit code and its meaning.
type Exit struct {
	Code    int
	Meaning string
}

// Operands are what the arguments that are no options name, for completion.
type Operands struct {
	Files  bool
	Values func() []string // nil where any will do; asked by completion only, for a list may take longer than a command
	One    bool            // only one of the values is taken
	// Then lists what may follow one of the values; nil where nothing does.
	Then func(value string) []string
}

// values are those that there are.
func (o Operands) values() []string {
	if o.Values == nil {
		return nil
	}
	return o.Values()
}

// Text has an option set a string.
func Text(to *string) func(string) error {
	return func(value string) error { *to = value; return nil }
}

// Switch has an option set a bool.
func Switch(to *bool) func(string) error {
	return func(value string) (err error) {
		*to, err = strconv.ParseBool(value)
		return err
	}
}

// Duration has an option set one in the notation of Go: 90s, 2m.
func Duration(to *time.Duration) func(string) error {
	return func(value string) (err error) {
		*to, err = time.ParseDuration(value)
		return err
	}
}

// word is what a command is called among the others of its program.
func (c *Command) word() string {
	for i := len(c.Called) - 1; i >= 0; i-- {
		if c.Called[i] == ' ' {
			return c.Called[i+1:]
		}
	}
	return c.Called
}

// topic is what help on the command is asked for by.
func (c *Command) topic() string {
	if c.Topic != "" {
		return c.Topic
	}
	return c.word()
}
