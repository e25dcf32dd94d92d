package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"unsafe"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/advice"
	"github.com/glowplug-os/glowplug/internal/butane"
	"github.com/glowplug-os/glowplug/internal/cli"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/fetch"
	"github.com/glowplug-os/glowplug/internal/load"
	"github.com/glowplug-os/glowplug/internal/process"
	"github.com/glowplug-os/glowplug/internal/rules"
	"github.com/glowplug-os/glowplug/internal/tree"
	"github.com/glowplug-os/glowplug/internal/zip"
)

type convertOptions struct {
	output, filesDir, to       string
	pretty, strict, check, raw bool
	header                     bool
}

func convertCommand() cli.Command {
	var o convertOptions
	return cli.Command{
		Called: "glowplug convert", Usage: []string{"glowplug convert [OPTIONS] FILE|-"}, Brief: "FILE",
		Short: "make a config of a Butane document, or one of another version",
		Text: []string{
			"Makes a config of a Butane document, in YAML or in JSON, and shows every problem at its line. A config " +
				"is taken too: with --to it becomes one of another version. FILE - is standard input.",
		},
		Options: append(o.rows(), cli.Option{
			Long: "to", Value: "VERSION", Values: versionNames(), Open: true, Set: cli.Text(&o.to),
			Words: "write the config at another version, such as 3.2.0; an error names each line that this version " +
				"cannot say",
		}),
		Exits: []cli.Exit{{Code: 0, Meaning: "converted"}, {Code: 1, Meaning: "invalid or unreadable"},
			{Code: 2, Meaning: "wrong usage"}},
		Examples: []string{"glowplug convert --pretty web.bu", "glowplug convert --files-dir files -o web.ign web.bu",
			"glowplug convert --to 3.2.0 web.ign"},
		Grammar: cli.Ours(), Operands: cli.Operands{Files: true}, Section: "1",
		Run: func(_ context.Context, p *cli.Process, files []string) error {
			if len(files) != 1 {
				return cli.Misuse("one file is needed; - is standard input")
			}
			return o.convert(p, files[0])
		},
	}
}

// versionNames lists the versions of configs.
func versionNames() (names []string) {
	for v := config.V3_0; v <= config.Newest; v++ {
		names = append(names, v.String())
	}
	return names
}

// rows are the options that both convert and butane have.
func (o *convertOptions) rows() []cli.Option {
	return []cli.Option{
		{Long: "output", Short: 'o', Value: "FILE", Set: cli.Text(&o.output),
			Words: "write to a file, but only if all is well"},
		{Long: "pretty", Short: 'p', Set: cli.Switch(&o.pretty), Words: "write JSON in lines"},
		{Long: "strict", Short: 's', Set: cli.Switch(&o.strict), Words: "warnings are errors"},
		{Long: "check", Short: 'c', Set: cli.Switch(&o.check), Words: "write nothing, only check"},
		{Long: "files-dir", Short: 'd', Value: "DIR", Set: cli.Text(&o.filesDir),
			Words: "the folder of the local files that the document names"},
		{Long: "raw", Short: 'r', Set: cli.Switch(&o.raw),
			Words: "openshift: write the config without its MachineConfig"},
		{Long: "yaml-doc-header", Set: cli.Switch(&o.header), Words: "openshift: start the MachineConfig with ---"},
	}
}

// version is the version of --to; without the option it is the newest one.
func (o *convertOptions) version() (config.Version, error) {
	if o.to == "" {
		return config.Newest, nil
	}
	v, err := configVersion(o.to)
	if err != nil {
		return v, cli.Misuse("--to: %w", err)
	}
	return v, nil
}

// configVersion reads a version of configs that somebody has typed.
func configVersion(text string) (config.Version, error) {
	v, err := config.ParseVersion(text)
	if wrong := (*config.VersionError)(nil); errors.As(err, &wrong) && wrong.Malformed {
		if meant := advice.Version(text); meant != "" {
			return v, fmt.Errorf("%s; %s", wrong.Message, advice.WriteVersion(meant))
		}
	}
	return v, err
}

func (o *convertOptions) convert(p *cli.Process, file string) error {
	to, err := o.version()
	if err != nil {
		return err
	}
	name, data, err := process.Read(p, file)
	if err != nil {
		return fmt.Errorf("reading the document: %w", err)
	}
	text := unsafe.String(unsafe.SliceData(data), len(data))
	files, err := load.Folder(o.filesDir)
	if err != nil {
		return err
	}
	files.Raw, files.Zip, files.Lint, files.Rules = o.raw, zipper, tree.Unseen, rules.Further
	load.PaceCollector(text)
	r := load.ReadWith(tree.NewArena(), name, text, files)
	advice.Give(r.Problems)
	problems := diag.For(diag.Workstation, r.Problems)
	if o.to != "" && r.Valid(diag.Workstation) && r.Butane != nil && r.Butane.IsMachineConfig() {
		return cli.Misuse("--to writes a config: for the variant openshift say --raw too")
	}
	var out []byte
	var unfit []diag.Problem
	switch {
	case !r.Valid(diag.Workstation):
	case o.to != "":
		out, unfit = r.JSONAt(to, o.pretty, contentInside)
		problems = append(problems, unfit...)
	case r.Butane != nil:
		out = o.converted(r)
	default:
		out = r.JSON(o.pretty)
	}
	diag.Sort(problems)
	style := diag.Style{Color: p.Err.Colors}
	for _, problem := range problems {
		fmt.Fprintln(p.Err, style.Text(problem))
	}
	switch {
	case diag.Fatal(unfit):
		return fmt.Errorf("%s cannot be written at version %s", name, to)
	case out == nil || diag.Fatal(problems):
		return fmt.Errorf("%s is invalid", name)
	case o.strict && hasWarning(problems):
		return fmt.Errorf("%s has warnings, and with --strict there may be none", name)
	}
	return o.write(p, out)
}

// zipper makes what compresses content.
func zipper(much bool) butane.Zipper { return zip.New(much) }

// contentInside gives the content of a data: URL, unpacked.
func contentInside(r config.Resource) ([]byte, error) {
	client := fetch.New(slog.New(slog.DiscardHandler), "")
	client.Offline = true
	content := fetch.Resource{URL: *r.Source, Gzip: r.Compression != nil && *r.Compression == "gzip"}
	if r.Verification.Hash != nil {
		content.Digest = *r.Verification.Hash
	}
	const most = 256 << 20 // as for a config that is fetched
	return client.Bytes(context.Background(), content, most)
}

func hasWarning(problems []diag.Problem) bool {
	for _, p := range problems {
		if p.Severity == diag.Warning {
			return true
		}
	}
	return false
}

// converted gives the text to write for a Butane document: JSON, or a MachineConfig.
func (o *convertOptions) converted(r load.Result) []byte {
	manifest := r.Butane.MachineConfig()
	switch {
	case manifest == nil:
		return r.Butane.JSON(o.pretty)
	case o.header:
		return append([]byte("---\n"), manifest...)
	}
	return manifest
}

// write writes the output, once nothing can fail any more: otherwise a file that is there stays as it is.
func (o *convertOptions) write(p *cli.Process, out []byte) error {
	switch {
	case o.check:
		return nil
	case o.output != "":
		return os.WriteFile(o.output, out, 0o644)
	}
	_, err := p.Data.Write(out)
	return err
}
