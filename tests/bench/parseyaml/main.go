// Command parseyaml reads a file and has the YAML library make nodes of it; it prints the nanoseconds that this took.
package main

import (
	"bytes"
	"fmt"
	"os"
	"time"

	"go.yaml.in/yaml/v4"
)

func main() {
	text, err := os.ReadFile(os.Args[1])
	if err == nil {
		start := time.Now()
		var loader *yaml.Loader
		if loader, err = yaml.NewLoader(bytes.NewReader(text)); err == nil {
			var document yaml.Node
			err = loader.Load(&document)
		}
		fmt.Println(time.Since(start).Nanoseconds())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
