package lsp

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// A message is a request, a notification or an answer of JSON-RPC 2.0.
type message struct {
	ID     json.RawMessage `json:"id"`
	Method string          `json:"method"`
	Params json.RawMessage `json:"params"`
}

// isRequest: somebody waits for an answer.
func (m *message) isRequest() bool { return len(m.ID) > 0 && !bytes.Equal(m.ID, []byte("null")) }

// A code is one of the errors of JSON-RPC 2.0 and of the protocol (3.17, ErrorCodes).
type code int

const (
	parseError     code = -32700
	invalidRequest code = -32600
	methodNotFound code = -32601
	invalidParams  code = -32602
	notInitialized code = -32002
	cancelled      code = -32800
)

// A failure is the answer to a request that cannot be done.
type failure struct {
	Code    code   `json:"code"`
	Message string `json:"message"`
}

func (f *failure) Error() string { return f.Message }

func fails(code code, format string, args ...any) *failure {
	return &failure{code, fmt.Sprintf(format, args...)}
}

// An answer is what a request gets: a result, which may be null, or an error.
type answer struct {
	Version string           `json:"jsonrpc"`
	ID      json.RawMessage  `json:"id"`
	Result  *json.RawMessage `json:"result,omitempty"`
	Error   *failure         `json:"error,omitempty"`
}

// A notification is what the server says unasked.
type notification struct {
	Version string `json:"jsonrpc"`
	Method  string `json:"method"`
	Params  any    `json:"params"`
}

// readMessage reads a body. A number of messages in a list is none of the protocol.
func readMessage(body []byte) (m message, err error) {
	switch err := json.Unmarshal(body, &m); {
	case !json.Valid(body):
		return message{}, fails(parseError, "the message is not JSON")
	case err != nil:
		return message{}, fails(invalidRequest, "the message is no request: %s", err)
	case len(m.ID) > 0 && (m.ID[0] == '{' || m.ID[0] == '[' || m.ID[0] == 't' || m.ID[0] == 'f'):
		return message{}, fails(invalidRequest, "the id of a request is a number or a text")
	}
	return m, nil
}

// params reads the parameters of a request into a type of the protocol.
func params[T any](m *message) (p T, err error) {
	if len(m.Params) == 0 {
		return p, fails(invalidParams, "%s: the parameters are missing", m.Method)
	}
	if err := json.Unmarshal(m.Params, &p); err != nil {
		return p, fails(invalidParams, "%s: %s", m.Method, err)
	}
	return p, nil
}

// about reads the parameters of a message about a text that is open, and finds that.
func about[T interface{ uri() string }](s *server, m *message) (p T, t *text, err error) {
	if p, err = params[T](m); err == nil {
		t, err = s.open(p.uri())
	}
	return p, t, err
}
