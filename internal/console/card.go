package console

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/glowplug-os/glowplug/internal/diag"
)

// A Card says why a boot has stopped and what to try.
type Card struct {
	Stage  string   `json:"stage"`
	Place  string   `json:"place,omitempty"` // of the part of the config that asked for it: "name:line:col"
	Causes []string `json:"causes"`          // what happened, then why, and why that
	Try    []string `json:"try"`
	away   bool     // the machine is gone by the time that this is read
}

// The size of a card: it is to fit on any screen with a shell prompt below it.
const (
	linesMax   = 20
	columnsMax = 78
)

// How many of several errors are told: on one line, and where each has its own.
const (
	OnOneLine  = 3
	causesMost = 20
)

// NewCard makes the card of a stage that failed with an error. Place may be "". Hints of the error come first, then
// what is always worth a try.
func NewCard(stage, place string, err error) Card {
	c := Card{Stage: diag.Printable(stage), Place: diag.Printable(place), Causes: causes(err)}
	for _, hint := range diag.Hints(err) {
		c.Try = append(c.Try, diag.OneLine(hint))
	}
	c.Try = append(c.Try, "mend the cause and reboot: the first boot begins again, and what is done stays done")
	return c
}

// Away is the card as it is read where the machine is not: nobody looks into that, or boots it again.
func (c Card) Away(try string) Card {
	c.Try, c.away = append(c.Try[:len(c.Try)-1:len(c.Try)-1], try), true
	return c
}

// causes takes an error apart at its layers, as far as their texts are put together by ": ".
func causes(err error) []string {
	var all []string
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return append(all, diag.Few(err, causesMost)...)
		}
		outer, ok := strings.CutSuffix(err.Error(), ": "+inner.Error())
		switch {
		case ok:
			all = append(all, diag.OneLine(outer))
		case err.Error() != inner.Error():
			return append(all, diag.OneLine(err.Error()))
		}
		err = inner
	}
}

// LastLine is what emergency shells show of a stage that failed: one line, whatever the error is, and of several errors
// the first.
func LastLine(stage string, err error) string {
	return "Ignition failed: " + diag.Printable(stage) + ": " + strings.Join(diag.Few(err, OnOneLine), "; ")
}

// UnfinishedLine is what is told of a stage that has not come to its end, and has not failed.
func UnfinishedLine(stage string, why error) string {
	return "Ignition ends before " + stage + " is done: " + diag.OneLine(why.Error())
}

// String gives the card as it is shown: at most 20 lines of at most 78 columns.
func (c Card) String() string {
	rule := strings.Repeat("=", columnsMax)
	head := []string{rule, "Ignition failed: " + c.Stage}
	if c.Place != "" {
		head = append(head, wrap("asked for at ", "  ", c.Place)...)
	}
	var tail []string
	for _, hint := range c.Try {
		tail = append(tail, wrap("- ", "  ", hint)...)
	}
	tail = append([]string{"To try:"}, tail...)
	if !c.away {
		tail = append(tail, "- journalctl -t ignition shows all that was done")
	}
	tail = append(tail, rule)
	var why []string
	for i, cause := range c.Causes {
		first := "because "
		if i == 0 {
			first = ""
		}
		why = append(why, wrap(first, "  ", cause)...)
	}
	// What is left out is in the middle: the ends say what was to be done, and what came in between.
	if over := len(head) + len(why) + len(tail) - linesMax; over > 0 && len(why) > 0 {
		keep := max(len(why)-over-1, 1)
		why = slices.Concat(why[:(keep+1)/2], []string{"..."}, why[len(why)-keep/2:])
	}
	all := append(append(head, why...), tail...)
	if over := len(all) - linesMax; over > 0 { // hints without end
		all = append(all[:linesMax-1], rule)
	}
	return strings.Join(all, "\n") + "\n"
}

// wrap breaks a text into lines: the first begins with one prefix, the others with another.
func wrap(first, others, text string) []string {
	var lines []string
	line := first
	empty := true
	for word := range strings.FieldsSeq(text) {
		for len(line)+gap(empty)+len(word) > columnsMax {
			if empty { // a word longer than a line
				cut := columnsMax - len(line)
				for !utf8.RuneStart(word[cut]) {
					cut--
				}
				line, word = line+word[:cut], word[cut:]
			}
			lines = append(lines, line)
			line, empty = others, true
		}
		if !empty {
			line += " "
		}
		line += word
		empty = false
	}
	return append(lines, line)
}

// gap is how much stands before a word.
func gap(first bool) int {
	if first {
		return 0
	}
	return len(" ")
}

// Show writes a card to all consoles.
func (c *Consoles) Show(card Card) { c.say("\n" + card.String()) }

// The card for programs, and as it is shown, for the emergency shell to show again: in the folder of glowplug's own
// files of a boot.
const (
	failureFile = "failure.json"
	shownFile   = "failure.txt"
)

// Save leaves the card in both forms, readable by root alone.
func (c Card) Save(folder string) error {
	text, err := json.MarshalIndent(c, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	return errors.Join(
		os.WriteFile(filepath.Join(folder, failureFile), append(text, '\n'), 0o600),
		os.WriteFile(filepath.Join(folder, shownFile), []byte(c.String()), 0o600))
}

// Left gives the stage of the card that a stage of this boot has left, "" if there is none.
func Left(folder string) string {
	var c Card
	text, err := os.ReadFile(filepath.Join(folder, failureFile))
	if err == nil {
		_ = json.Unmarshal(text, &c) // half a card is none
	}
	return c.Stage
}

// Forget removes the card that a stage has left in an earlier try, or any card with "": where a boot begins. That of
// another stage stays: after a failure, stages that were done are taken back.
func Forget(folder, stage string) error {
	if stage != "" && Left(folder) != stage {
		return nil
	}
	var errs []error
	for _, name := range []string{shownFile, failureFile} {
		if err := os.Remove(filepath.Join(folder, name)); !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}
