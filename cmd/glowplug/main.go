package main

import (
	"os"
	"time"

	"github.com/glowplug-os/glowplug/internal/check"
	"github.com/glowplug-os/glowplug/internal/cli"
	"github.com/glowplug-os/glowplug/internal/engine"
	"github.com/glowplug-os/glowplug/internal/fetch"
	"github.com/glowplug-os/glowplug/internal/page"
	"github.com/glowplug-os/glowplug/internal/process"
)

func main() {
	fetch.Silence()
	if isMachine() {
		os.Exit(inMachine(os.Getenv, time.Now))
	}
	os.Exit(process.Run(os.Getenv, time.Now, called(process.Name(os.Args))))
}

// called are the programs that a name may stand for. Of all others the tables are made only by what tells of them.
func called(name string) []cli.Program {
	if name == "glowplug" {
		return []cli.Program{glowplug()}
	}
	return programs()
}

// programs lists the names under which the file of this program can be called, its own first.
func programs() []cli.Program {
	programs := []cli.Program{glowplug(), {Command: butaneCommand()}, {Command: check.Peer()}}
	return append(programs, engine.Programs()...)
}

// documented lists the programs that have man pages and completion: these, and the validator, whose command is here
// too.
func documented() []cli.Program {
	validator := check.Validate("glowplug-validate")
	validator.Product = "glowplug-validate"
	return append(programs(), cli.Program{Command: validator})
}

// glowplug is the table of the commands: a file each.
func glowplug() cli.Program {
	return cli.Program{
		Command: cli.Command{
			Called: "glowplug", Product: "glowplug", Usage: []string{"glowplug COMMAND [OPTIONS]"},
			Grammar: cli.Commands(), Section: "1", Short: "check, convert and apply the configs of machines",
			Text: []string{
				"glowplug sets up machines as a config says: disks, filesystems, users, files and units, once, on " +
					"the first boot. On a workstation it checks and converts configs, says what they will do, and " +
					"applies them to a directory, by the same code.",
			},
			Notes: []string{
				"Without a command, and with options, each call runs one stage of a first boot. " +
					"`glowplug help boot` explains them:\n  glowplug --stage=STAGE --platform=ID [OPTIONS]",
			},
			Exits: []cli.Exit{{Code: 0, Meaning: "done"}, {Code: 1, Meaning: "failed or invalid"},
				{Code: 2, Meaning: "wrong usage"}},
		},
		Commands: []cli.Command{
			validateCommand(),
			explainCommand(),
			convertCommand(),
			renderCommand(),
			whyCommand(),
			diffCommand(),
			schemaCommand(),
			lspCommand(),
			planCommand(),
			factsCommand(),
			applyCommand(),
			verifyCommand(),
			recordCommand(),
			engine.Report("glowplug report", page.WriteReport),
			platformsCommand(),
			engine.Remove("glowplug rmcfg"),
			cli.Completion("glowplug", documented),
			cli.Version("glowplug"),
			cli.Help("glowplug", programs),
		},
		Otherwise: func() *cli.Command { stage := engine.Stage("glowplug"); return &stage },
		Choose:    cli.Choose("validate"),
	}
}
