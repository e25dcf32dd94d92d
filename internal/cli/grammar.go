package cli

import (
	"fmt"

	"github.com/glowplug-os/glowplug/internal/diag"
)

// A Grammar is how arguments are read, and how wrong ones are told of. The names of other programs each have theirs, as
// scripts and units call them in the way that they know.
type Grammar struct {
	Dash Dash
	// OperandsEnd: all that follows the first argument which is no option is none either.
	OperandsEnd bool
	// LastHoldsSeveral: units write ${IGNITION_ARGS}, which systemd passes on as one argument, be it empty or several.
	LastHoldsSeveral bool
	// Standard: these are the words of a command of our own. It has the options that all of these have, and an option
	// with an empty value, as a script gives it whose variable is not set, is wrong usage, and so is one that takes one
	// value and gets two.
	Standard bool
	// HelpToErr has help asked for go to standard error.
	HelpToErr bool

	words   words
	misused func(c *Command, message string) string
}

// A Dash is what may follow a single one.
type Dash int

// One dash is as good as two; or letters follow it, the last of which may have its value behind it; or the one, if
// there is such a name, and else the other.
const (
	DashAny Dash = iota
	DashName
	DashLetters
)

// words are the texts of wrong usage.
type words struct {
	unknown, unknownLetter, noValue, badValue string
	hints                                     bool
}

var ourWords = words{
	unknown:       "the option %s is not known",
	unknownLetter: "the option %s is not known",
	noValue:       "the option %s needs a value",
	badValue:      "the option %s does not take the value %q",
	hints:         true,
}

// pflagWords are what scripts may know from the programs whose names these are.
var pflagWords = words{
	unknown:       "unknown flag: %s",
	unknownLetter: "unknown shorthand flag in %s",
	noValue:       "flag needs an argument: %s",
	badValue:      "invalid value for flag %s: %q",
}

// Ours is the grammar of glowplug's own commands: options anywhere.
func Ours() Grammar {
	return Grammar{Dash: DashAny, Standard: true, words: ourWords, misused: pointToHelp}
}

// Commands is that of a program whose first argument is a command.
func Commands() Grammar {
	return Grammar{words: ourWords, misused: func(c *Command, message string) string {
		return fmt.Sprintf("%s: %s\nTry '%[1]s help'.\n", c.Called, message)
	}}
}

// Stage is that of ignition, the engine (docs/peer/engine.md §1.1).
func Stage() Grammar {
	return Grammar{Dash: DashName, OperandsEnd: true, LastHoldsSeveral: true, HelpToErr: true, words: ourWords,
		misused: pointToHelp}
}

// Remove is that of ignition-rmcfg (docs/peer/engine.md §14).
func Remove() Grammar {
	return Grammar{Dash: DashName, OperandsEnd: true, words: ourWords, misused: pointToHelp}
}

// PeerValidate is that of ignition-validate (docs/peer/engine.md §15).
func PeerValidate() Grammar {
	return Grammar{Dash: DashName, OperandsEnd: true, HelpToErr: true, words: ourWords,
		misused: func(c *Command, message string) string {
			return message + "\n" + c.Help()
		}}
}

// PeerApply is that of ignition-apply (docs/peer/engine.md §13).
func PeerApply() Grammar {
	return Grammar{Dash: DashLetters, words: pflagWords, misused: func(c *Command, message string) string {
		return c.Called + ": " + message + "\n" + c.Help()
	}}
}

// Butane is that of butane (docs/peer/butane.md §16).
func Butane() Grammar {
	return Grammar{Dash: DashLetters, words: pflagWords, misused: func(c *Command, message string) string {
		return c.Help() + message + "\n"
	}}
}

func pointToHelp(c *Command, message string) string {
	return fmt.Sprintf("%s: %s\nTry '%[1]s --help'.\n", c.Called, message)
}

// message is an error, with what somebody may have meant where the grammar has hints.
func (g *Grammar) message(err error) string {
	message := diag.OneLine(err.Error())
	if g.words.hints {
		for _, hint := range diag.Hints(err) {
			message += "\nhint: " + diag.OneLine(hint)
		}
	}
	return message
}
