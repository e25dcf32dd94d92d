package main

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/butane"
	"github.com/glowplug-os/glowplug/internal/cli"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/document"
	"github.com/glowplug-os/glowplug/internal/project"
)

func schemaCommand() cli.Command {
	var output string
	return cli.Command{
		Called: "glowplug schema", Usage: []string{"glowplug schema [-o FILE] [VARIANT|ignition [VERSION]]",
			"glowplug schema [-o FILE] " + projectFile},
		Brief: "[VARIANT [VERSION]]", Short: "write a JSON Schema, for editors",
		Text: []string{
			"Writes a JSON Schema, for editors: of the documents of a variant of Butane, of configs, or of " +
				"the project file, " + project.FileName + ". Without a version it is the newest that is stable; " +
				"without a variant it lists what there is.",
		},
		Options: []cli.Option{{Long: "output", Short: 'o', Value: "FILE", Set: cli.Text(&output),
			Words: "write to a file"}},
		Notes: []string{"An editor finds the schema of a document by its first line:\n  # yaml-language-server: " +
			"$schema=fcos.json"},
		Exits: []cli.Exit{{Code: 0, Meaning: "written"}, {Code: 1, Meaning: "the file cannot be written"},
			{Code: 2, Meaning: "wrong usage"}},
		Examples: []string{
			"glowplug schema -o fcos.json fcos", "glowplug schema openshift 4.20.0", "glowplug schema ignition 3.4.0",
		},
		Grammar: cli.Ours(), Operands: cli.Operands{Values: languages, One: true, Then: versionsOf}, Section: "1",
		Run: func(_ context.Context, p *cli.Process, operands []string) error {
			text, err := schemaOf(operands)
			switch {
			case err != nil:
				return &cli.UsageError{Err: err}
			case output != "":
				return os.WriteFile(output, text, 0o644)
			}
			_, err = p.Data.Write(text)
			return err
		},
	}
}

// languages lists the languages that have a schema.
func languages() (names []string) {
	for _, d := range butane.Dialects() {
		name, _, _ := strings.Cut(fmt.Sprint(d), " ")
		names = append(names, name)
	}
	return slices.Compact(append(names, ignitionLanguage, projectFile))
}

// versionsOf lists the versions of one of them.
func versionsOf(language string) (versions []string) {
	if language == ignitionLanguage {
		return versionNames()
	}
	for _, d := range butane.Dialects() {
		if d.Variant == language {
			versions = append(versions, d.Version)
		}
	}
	return versions
}

// What the language of configs is called beside the variants of Butane, and that of the project file.
const (
	ignitionLanguage = "ignition"
	projectFile      = "project"
)

// schemaOf makes the schema that the arguments name; without arguments it lists the languages.
func schemaOf(args []string) ([]byte, error) {
	switch {
	case len(args) == 0:
		return []byte(schemaList()), nil
	case len(args) > 2:
		return nil, fmt.Errorf("one variant and one version are taken, %d arguments are given", len(args))
	case args[0] == projectFile && len(args) == 1:
		return project.Schema(optionOfValidate), nil
	case args[0] == ignitionLanguage:
		v, err := configVersion(cmp.Or(strings.Join(args[1:], ""), config.Stable.String()))
		if err != nil {
			return nil, err
		}
		return document.ConfigSchema(v).JSON(), nil
	}
	d, err := butane.Find(args[0], strings.Join(args[1:], ""))
	if err != nil {
		err = fmt.Errorf("%w; `glowplug schema` lists everything", err)
		if near := diag.Nearest(args[0], languages()); near != "" && near != args[0] {
			err = diag.WithHint(err, "did you mean "+near+"?")
		}
		return nil, err
	}
	return d.Schema().JSON(), nil
}

// optionOfValidate gives the words of an option of validate, and its values.
func optionOfValidate(name string) (words string, values []string) {
	for _, o := range validateCommand().Options {
		if o.Long == name {
			return o.Words, o.Values
		}
	}
	return "", nil
}

func schemaList() string {
	var b strings.Builder
	for _, d := range butane.Dialects() {
		fmt.Fprintln(&b, d)
	}
	for v := config.V3_0; v <= config.Newest; v++ {
		fmt.Fprintln(&b, ignitionLanguage, v)
	}
	fmt.Fprintln(&b, projectFile)
	return b.String()
}
