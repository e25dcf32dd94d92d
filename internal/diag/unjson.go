package diag

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
)

// PlacedJSON adds to the error of a text that encoding/json cannot read the line and column, where they are known.
func PlacedJSON(text []byte, err error) error {
	if syntax := (*json.SyntaxError)(nil); errors.As(err, &syntax) {
		return fmt.Errorf("%s: %w", JSONPosition(text, syntax.Offset-1), err)
	}
	if other := (*json.UnmarshalTypeError)(nil); errors.As(err, &other) {
		return fmt.Errorf("%s: %w", JSONPosition(text, other.Offset), err)
	}
	return err
}

// JSONPosition tells where a byte is, as line and column: "1:20".
func JSONPosition(text []byte, at int64) string {
	before := text[:min(max(at, 0), int64(len(text)))]
	return fmt.Sprintf("%d:%d", 1+bytes.Count(before, []byte("\n")), len(before)-bytes.LastIndexByte(before, '\n'))
}
