package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// completer makes the script of a shell, "" where there is none for it. A table would keep all of them in the engine,
// which has no use for any.
func completer(shell string, programs []Program) string {
	switch shell {
	case "bash":
		return bash(programs)
	case "zsh":
		return zsh(programs)
	case "fish":
		return fish(programs)
	}
	return ""
}

// Completion is the command that writes a script with which a shell completes the commands, options and values of
// programs.
func Completion(called string, programs func() []Program) Command {
	return Command{
		Called: called + " completion", Usage: []string{called + " completion bash|zsh|fish"}, Brief: "SHELL",
		Short: "write what completes commands and options in a shell",
		Text: []string{"Writes a script that has a shell complete commands, options and their values, " +
			"for " + called + " and for its other names."},
		Exits: []Exit{{0, "written"}, {1, "standard output cannot be written to"}, {2, "wrong usage"}},
		Examples: []string{"source <(" + called + " completion bash)",
			called + " completion zsh >~/.zsh/completions/_" + called,
			called + " completion fish >~/.config/fish/completions/" + called + ".fish"},
		Grammar: Ours(), Operands: Operands{Values: shells, One: true}, Section: "1",
		Run: func(_ context.Context, p *Process, operands []string) error {
			if len(operands) == 0 {
				return Misuse("no shell is named: bash, zsh and fish are known")
			}
			name := strings.Join(operands, " ")
			script := completer(name, programs())
			if script == "" {
				return meant(Misuse("the shell %q is not known: bash, zsh and fish are known", name), name,
					[]string{"bash", "zsh", "fish"})
			}
			_, err := p.Data.Write([]byte(script))
			return err
		},
	}
}

// shells are those that there is completion for.
func shells() []string { return []string{"bash", "zsh", "fish"} }

// rows are a program's commands: by their words, and without one what is not called by any.
func (program *Program) rows() (all []*Command) {
	all = Rows([]Program{*program})
	for _, c := range all {
		if c.word() == "help" {
			c.Operands.One = true
			c.Operands.Values = func() (topics []string) {
				for _, other := range all {
					topics = append(topics, other.topic())
				}
				return topics
			}
		}
	}
	return all
}

// key is what has to be the first argument of a program for a command, "" for none.
func (program *Program) key(c *Command) string {
	if rest, ok := strings.CutPrefix(c.Called, program.Called+" "); ok {
		return rest
	}
	return ""
}

// words are the first arguments that a program takes.
func (program *Program) words() (words []string) {
	for _, c := range program.Commands {
		words = append(words, c.word())
	}
	return words
}

// spellings are all ways of writing an option, the long one first.
func (o *Option) spellings() []string {
	all := []string{"--" + o.Long}
	if o.Short != 0 {
		all = append(all, "-"+string(rune(o.Short)))
	}
	return all
}

// takesFiles: the value is a file.
func (o *Option) takesFiles() bool { return o.Value == "FILE" }

// takesFolders: the value is a folder.
func (o *Option) takesFolders() bool { return o.Value == "DIR" }

// next gives what may follow one of the values.
func (o Operands) next(value string) []string {
	if o.Then == nil {
		return nil
	}
	return o.Then(value)
}

// front are the options that may stand in the place of a command.
func (program *Program) front() []string {
	names := []string{"--help", "--version"}
	if program.Otherwise == nil {
		return names
	}
	for _, o := range program.Otherwise().Options {
		if name := "--" + o.Long; !o.Hidden && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// bash completes --name=value too, which bash takes apart at the sign.
func bash(programs []Program) string {
	var b strings.Builder
	for _, program := range programs {
		name := "_" + strings.ReplaceAll(program.Called, "-", "_")
		fmt.Fprintf(&b, "%s() {\n%s\tcase \"${COMP_WORDS[1]-}\" in\n", name, bashHead)
		last := ""
		for _, c := range program.rows() {
			body := c.bash(program.words())
			if key := program.key(c); key != "" {
				fmt.Fprintf(&b, "\t%s)\n%s\t\t;;\n", key, body)
			} else {
				last = body
			}
		}
		if last == "" {
			last = "\t\twords='" + strings.Join(program.words(), " ") + "'\n"
		}
		fmt.Fprintf(&b, "\t*)\n%s\t\t;;\n\tesac\n", last)
		if program.Commands != nil {
			fmt.Fprintf(&b, "\tif [ \"$COMP_CWORD\" -le 1 ]; then\n\t\tcase $word in\n\t\t-*) words='%s' ;;\n"+
				"\t\t*) words='%s' ;;\n\t\tesac\n\tfi\n", strings.Join(program.front(), " "),
				strings.Join(program.words(), " "))
		}
		fmt.Fprintf(&b, "%s}\ncomplete -F %s %s\n", bashFoot, name, program.Called)
	}
	return b.String()
}

const bashHead = `	local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} words='' files=''
	if [ "$word" = = ]; then word=''; elif [ "$before" = = ]; then before=${COMP_WORDS[COMP_CWORD - 2]}; fi
`

const bashFoot = `	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
	if [ -n "$files" ]; then
		mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen "$files" -- "$word")
		compopt -o filenames 2>/dev/null || :
	fi
`

func (c *Command) bash(commands []string) string {
	var b strings.Builder
	var names []string
	b.WriteString("\t\tcase \"$before\" in\n")
	for _, o := range c.Options {
		if o.Hidden {
			continue
		}
		names = append(names, o.spellings()...)
		switch of := strings.Join(o.spellings(), " | "); {
		case o.Values != nil:
			fmt.Fprintf(&b, "\t\t%s) words='%s' ;;\n", of, strings.Join(o.Values, " "))
		case o.takesFiles():
			fmt.Fprintf(&b, "\t\t%s) files=-f ;;\n", of)
		case o.takesFolders():
			fmt.Fprintf(&b, "\t\t%s) files=-d ;;\n", of)
		case o.Value != "":
			fmt.Fprintf(&b, "\t\t%s) ;;\n", of)
		}
	}
	files := ""
	if c.Operands.Files {
		files = " files=-f"
	}
	values := c.Operands.values()
	if !c.Operands.One {
		names, values = append(names, values...), nil
	}
	fmt.Fprintf(&b, "\t\t*) words='%s'%s ;;\n\t\tesac\n", strings.Join(names, " "), files)
	if len(values) > 0 {
		b.WriteString("\t\tcase \" ${COMP_WORDS[*]:2:COMP_CWORD-2} \" in\n")
		for _, value := range values {
			if next := c.Operands.next(value); next != nil {
				fmt.Fprintf(&b, "\t\t*' %s ') words+=' %s' ;;\n", value, strings.Join(next, " "))
			}
		}
		// not after one that is there already
		fmt.Fprintf(&b, "\t\t*' %s '*) ;;\n\t\t*) words+=' %s' ;;\n\t\tesac\n", strings.Join(values, " '* | *' "),
			strings.Join(values, " "))
	}
	return b.String()
}

func fish(programs []Program) string {
	var b strings.Builder
	for _, program := range programs {
		for _, c := range program.Commands {
			fmt.Fprintf(&b, "complete -c %s -n __fish_use_subcommand -f -a %s -d %s\n", program.Called, c.word(),
				quoted(c.Short))
		}
		for _, c := range program.rows() {
			head := "complete -c " + program.Called
			if key := program.key(c); key != "" {
				head += " -n '__fish_seen_subcommand_from " + key + "'"
			} else if program.Commands != nil {
				head += " -n __fish_use_subcommand"
			}
			if !c.Operands.Files {
				b.WriteString(head + " -f\n")
			}
			if c.Operands.Values != nil {
				values := quoted(strings.Join(c.Operands.values(), " "))
				when := head
				if c.Operands.One {
					when = strings.Replace(head, " -n '", " -n 'not __fish_seen_subcommand_from "+
						strings.Trim(values, "'")+"; and ", 1)
				}
				fmt.Fprintf(&b, "%s -f -a %s\n", when, values)
				for _, value := range c.Operands.values() {
					if next := c.Operands.next(value); next != nil {
						fmt.Fprintf(&b, "%s -f -a %s\n", strings.Replace(head, " -n '",
							" -n '__fish_seen_subcommand_from "+value+"; and ", 1), quoted(strings.Join(next, " ")))
					}
				}
			}
			for _, o := range c.Options {
				if !o.Hidden {
					fmt.Fprintf(&b, "%s%s\n", head, o.fish())
				}
			}
		}
	}
	return b.String()
}

func (o *Option) fish() string {
	text := " -l " + o.Long
	if o.Short != 0 {
		text += " -s " + string(rune(o.Short))
	}
	switch {
	case o.Values != nil:
		text += " -x -a " + quoted(strings.Join(o.Values, " "))
	case o.takesFiles():
		text += " -r -F"
	case o.takesFolders():
		text += " -x -a '(__fish_complete_directories)'"
	case o.Value != "":
		text += " -x"
	}
	return text + " -d " + quoted(o.Words)
}

// quoted is a text as all three shells read it.
func quoted(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }

func zsh(programs []Program) string {
	var b strings.Builder
	var names []string
	for _, program := range programs {
		names = append(names, program.Called)
	}
	fmt.Fprintf(&b, "#compdef %s\n\n", strings.Join(names, " "))
	for _, program := range programs {
		fmt.Fprintf(&b, "_%s() {\n", program.Called)
		if program.Commands == nil {
			fmt.Fprintf(&b, "\t%s\n}\n\n", program.rows()[0].zsh())
			continue
		}
		b.WriteString("\tlocal state\n\tlocal -a commands=(\n")
		for _, c := range program.Commands {
			fmt.Fprintf(&b, "\t\t%s\n", quoted(c.word()+":"+c.Short))
		}
		options := ""
		if program.Otherwise != nil {
			options = strings.Join(program.Otherwise().zshOptions(), " ") + " "
		}
		b.WriteString("\t)\n\t_arguments -C " + options + "'1:command:->command' '*::argument:->argument'\n" +
			"\tcase $state in\n" +
			"\tcommand) _describe command commands ;;\n\targument)\n\t\tcase $words[1] in\n")
		for _, c := range program.rows() {
			if key := program.key(c); key != "" {
				fmt.Fprintf(&b, "\t\t%s) %s ;;\n", key, c.zsh())
			}
		}
		b.WriteString("\t\tesac\n\t\t;;\n\tesac\n}\n\n")
	}
	b.WriteString("\"_$service\" \"$@\"\n")
	return b.String()
}

// zsh is a call of _arguments.
func (c *Command) zsh() string {
	specs := append([]string{"_arguments -s"}, c.zshOptions()...)
	switch {
	case c.Operands.Files:
		specs = append(specs, "'*:file:_files'")
	case c.Operands.Values != nil:
		which := "*"
		if c.Operands.One {
			which = "1"
		}
		specs = append(specs, quoted(which+":name:("+strings.Join(c.Operands.values(), " ")+")"))
	}
	if c.Operands.Then != nil {
		next := "2:name:{case $line[1] in"
		for _, value := range c.Operands.values() {
			next += " " + value + ") compadd " + strings.Join(c.Operands.next(value), " ") + " ;;"
		}
		specs = append(specs, quoted(next+" esac}"))
	}
	return strings.Join(specs, " ")
}

// zshOptions are what _arguments is told of the options; in a description brackets and colons would mean something.
func (c *Command) zshOptions() (specs []string) {
	plain := strings.NewReplacer(`\`, `\\`, "[", `\[`, "]", `\]`, ":", `\:`)
	for _, o := range c.Options {
		if o.Hidden {
			continue
		}
		rest := "[" + plain.Replace(o.Words) + "]"
		equal := ""
		if o.Value != "" {
			equal = "="
			rest += ":" + o.Value + ":"
		}
		switch {
		case o.Values != nil:
			rest += "(" + strings.Join(o.Values, " ") + ")"
		case o.takesFiles():
			rest += "_files"
		case o.takesFolders():
			rest += "_files -/"
		}
		specs = append(specs, quoted("--"+o.Long+equal+rest))
		if o.Short != 0 {
			specs = append(specs, quoted("-"+string(rune(o.Short))+rest))
		}
	}
	return specs
}
