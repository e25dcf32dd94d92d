// Command unmarshal reads a file and has encoding/json decode it; it prints the nanoseconds that the decoding took.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"time"
)

func main() {
	text, err := os.ReadFile(os.Args[1])
	if err == nil {
		start := time.Now()
		var v any
		err = json.Unmarshal(text, &v)
		fmt.Println(time.Since(start).Nanoseconds())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
