package main

import (
	"os"
	"time"

	"github.com/glowplug-os/glowplug/internal/check"
	"github.com/glowplug-os/glowplug/internal/cli"
	"github.com/glowplug-os/glowplug/internal/engine"
	"github.com/glowplug-os/glowplug/internal/process"
)

func main() { os.Exit(process.Run(os.Getenv, time.Now, programs())) }

// programs are what the program's file can be called, itself first.
func programs() []cli.Program {
	programs := []cli.Program{glowplug(), {Command: butaneCommand()}, {Command: check.Peer()}}
	for _, c := range engine.Programs() {
		programs = append(programs, cli.Program{Command: c})
	}
	return programs
}

// documented are these programs and the validator alone, whose command is here too: those that there are man pages of,
// and completion.
func documented() []cli.Program {
	validator := check.Validate("glowplug-validate")
	validator.Product = "glowplug-validate"
	return append(programs(), cli.Program{Command: validator})
}

// glowplug is the table of its commands: a file each.
func glowplug() cli.Program {
	stage := engine.Stage("glowplug")
	return cli.Program{
		Command: cli.Command{
			Called: "glowplug", Product: "glowplug", Usage: []string{"glowplug COMMAND [OPTIONS]"},
			Grammar: cli.Commands(), Section: "1", Short: "check, convert and apply the configs of machines",
			Text: []string{
				"glowplug makes a machine what one document says it is: on its first boot, " +
					"or a directory on a workstation by the same code.",
			},
			Notes: []string{
				"In the initramfs, one stage of a first boot a call:\n  glowplug --stage=STAGE --platform=ID " +
					"[OPTIONS]      see glowplug help boot",
			},
			Exits: []cli.Exit{{Code: 0, Meaning: "done"}, {Code: 1, Meaning: "failed or invalid"},
				{Code: 2, Meaning: "wrong usage"}},
		},
		Commands: []cli.Command{
			check.Validate("glowplug validate"),
			explainCommand(),
			convertCommand(),
			schemaCommand(),
			planCommand(),
			applyCommand(),
			platformsCommand(),
			engine.Remove("glowplug rmcfg"),
			cli.Completion("glowplug", documented),
			cli.Version("glowplug"),
			cli.Help("glowplug", programs),
		},
		Otherwise: &stage,
	}
}
