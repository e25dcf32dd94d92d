package engine

import (
	"bytes"
	"context"
	"fmt"
	"io"

	"github.com/glowplug-os/glowplug/internal/bootreport"
	"github.com/glowplug-os/glowplug/internal/cli"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/process"
	"github.com/glowplug-os/glowplug/internal/push"
)

type reportOptions struct {
	root, format, send string
	all                bool
	page               func(io.Writer, *bootreport.Report) error
}

// Report shows the report of a first boot, or sends it. Page writes it as a page of HTML; nil for a program that makes
// none.
func Report(called string, page func(io.Writer, *bootreport.Report) error) cli.Command {
	o := &reportOptions{page: page}
	formats, words, example := []string{"text", "json"}, "text for people, or JSON", called+" --all"
	if page != nil {
		formats, words = append(formats, "html"), "text for people, JSON, or a page for a browser"
		example = called + " --root /mnt --format html >report.html"
	}
	return cli.Command{
		Called: called, Usage: []string{called + " [OPTIONS] [FILE|-]"}, Brief: "[FILE]",
		Short: "show what a first boot has done, and how long that took",
		Text: []string{
			"Shows the report of a first boot: its stages, what took longest in each, and when, as bars below each " +
				"other; the configs that went in, with their digests; warnings; and why it has failed, if it has.",
			"Without FILE it is that of this boot, also in the emergency shell after a failure; or else the one that " +
				"the first boot has left in the root, " + reportFileWords + " unless the image says otherwise.",
		},
		Options: []cli.Option{
			{Long: "root", Value: "DIR", Set: cli.Text(&o.root), Words: "show the one that is in this root"},
			{Long: "format", Value: "FORMAT", Values: formats, Default: "text", Set: cli.Text(&o.format), Words: words},
			{Long: "all", Set: cli.Switch(&o.all), Words: "show all that the report has, not only what took longest"},
			{Long: "send", Value: "URL|image", Set: cli.Text(&o.send),
				Words: "post it to this https URL, or to the one that the kernel command line or the image names, " +
					"instead of showing it"},
		},
		Notes: []string{
			"Nothing in it is secret: no content, no password, no user or query of a URL.",
			fmt.Sprintf("With --send it is tried a few times, for no more than %v. Where image finds no URL, nothing "+
				"is sent.", push.All),
		},
		Exits: []cli.Exit{{Code: 0, Meaning: "shown, whatever it says, or sent"},
			{Code: 1, Meaning: "there is none, it is no report, or it could not be sent"},
			{Code: 2, Meaning: "wrong usage"}},
		Examples: []string{called, called + " --format json report.json", example},
		Grammar:  cli.Ours(), Operands: cli.Operands{Files: true}, Section: "1",
		Run: func(ctx context.Context, p *cli.Process, operands []string) error { return o.run(ctx, p, operands) },
	}
}

// reportFileWords is target.DefaultReportFile, for a text that other systems show too.
const reportFileWords = "/etc/.glowplug-report.json"

func (o *reportOptions) run(ctx context.Context, p *cli.Process, operands []string) error {
	switch {
	case len(operands) > 1:
		return cli.Misuse("one file is needed, %d are given; - is standard input", len(operands))
	case len(operands) == 1 && o.root != "":
		return cli.Misuse("--root is for the report in a root, and a file is given: leave out one of them")
	}
	to, err := o.receiver(p)
	if err != nil || o.send != "" && to == "" {
		return err
	}
	r, err := o.read(ctx, p, operands)
	switch {
	case err != nil:
		return err
	case o.send != "":
		return sendReport(ctx, p, to, r)
	case o.format == "json":
		return r.WriteJSON(p.Out)
	case o.format == "html":
		return o.page(p.Out, r)
	}
	return r.WriteText(p.Out, o.all)
}

func sendReport(ctx context.Context, p *cli.Process, to string, r *bootreport.Report) error {
	var text bytes.Buffer
	if err := r.WriteJSON(&text); err != nil {
		return err
	}
	return (&push.Pusher{Version: p.Version, Time: judgedBy()}).Push(ctx, to, text.Bytes())
}

// receiver is where the report goes to; "" for nowhere.
func (o *reportOptions) receiver(p *cli.Process) (string, error) {
	switch o.send {
	case "":
		return "", nil
	case "image":
		return imageReceiver(p)
	}
	if err := push.Check(o.send); err != nil {
		return "", cli.Misuse("--send: %w", err)
	}
	return o.send, nil
}

// read reads the report that is asked for.
func (o *reportOptions) read(ctx context.Context, p *cli.Process, operands []string) (*bootreport.Report, error) {
	var name string
	var text []byte
	var err error
	if len(operands) == 1 {
		name, text, err = process.ReadUntil(ctx, p, operands[0])
	} else {
		name, text, err = leftReport(p, o.root)
	}
	if err != nil {
		return nil, fmt.Errorf("reading the report: %w", err)
	}
	r, err := bootreport.Parse(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", diag.Printable(name), err)
	}
	return r, nil
}
