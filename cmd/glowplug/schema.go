package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/pflag"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/butane"
)

const schemaHelp = `Usage: glowplug schema [-o FILE] [VARIANT|ignition [VERSION]]

Writes a JSON Schema, for editors: of the documents of a variant of Butane, or of configs.
Without a version it is the newest that is stable; without anything all there are are listed.

Options:
  -o, --output FILE   write to a file
  -h, --help          show this help

An editor finds the schema of a document by its first line:
  # yaml-language-server: $schema=fcos.json

Exit codes: 0 written, 1 the file cannot be written, 2 wrong usage.

Examples:
  glowplug schema -o fcos.json fcos
  glowplug schema openshift 4.20.0
  glowplug schema ignition 3.4.0
`

func (p *program) schema(args []string) int {
	flags := pflag.NewFlagSet("schema", pflag.ContinueOnError)
	flags.SetOutput(io.Discard)
	output := flags.StringP("output", "o", "", "")
	err := flags.Parse(args)
	if errors.Is(err, pflag.ErrHelp) {
		fmt.Fprint(p.out, schemaHelp)
		return exitOK
	}
	var text []byte
	if err == nil {
		text, err = schemaOf(flags.Args())
	}
	if err != nil {
		return p.misuse("glowplug schema", err)
	}
	if *output != "" {
		err = os.WriteFile(*output, text, 0o644)
	} else {
		_, err = p.data.Write(text)
	}
	if err != nil {
		p.complain("glowplug schema", err)
		return exitFailed
	}
	return exitOK
}

// ignitionLanguage is what the language of configs is called beside the variants of Butane.
const ignitionLanguage = "ignition"

// schemaOf makes the schema that the arguments name, or a list of all.
func schemaOf(args []string) ([]byte, error) {
	switch {
	case len(args) == 0:
		return []byte(schemaList()), nil
	case len(args) > 2:
		return nil, fmt.Errorf("one variant and one version are taken, %d arguments are given", len(args))
	case args[0] == ignitionLanguage:
		v, fault := config.ParseVersion(cmp.Or(strings.Join(args[1:], ""), config.Stable.String()))
		if fault != nil {
			return nil, fmt.Errorf("%s; %s", fault.Message, fault.Hint)
		}
		return butane.ConfigSchema(v), nil
	}
	d, err := butane.Find(args[0], strings.Join(args[1:], ""))
	if err != nil {
		return nil, fmt.Errorf("%w; `glowplug schema` lists everything", err)
	}
	return d.Schema(), nil
}

func schemaList() string {
	var b strings.Builder
	for _, d := range butane.Dialects() {
		fmt.Fprintln(&b, d)
	}
	for v := config.V3_0; v <= config.Newest; v++ {
		fmt.Fprintln(&b, ignitionLanguage, v)
	}
	return b.String()
}
