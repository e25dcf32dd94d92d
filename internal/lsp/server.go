package lsp

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/glowplug-os/glowplug/internal/check"
)

// ErrLeft: the client went away without saying so.
var ErrLeft = errors.New("the client ended without asking to shut down")

// A Program is who serves.
type Program struct {
	Version string
	Means   check.Means
	Root    check.Root
}

// Serve answers the messages of a client until it says exit.
func Serve(ctx context.Context, in io.Reader, out io.Writer, program Program) error {
	s := &server{out: newOutbox(out), program: program, encoding: utf16Units, texts: map[string]*text{},
		checked: make(chan outcome, 1)}
	stop := make(chan struct{})
	defer close(stop)
	messages := receive(reading(in), stop)
	for !s.exit && s.lost == nil {
		s.check()
		select {
		case m := <-messages:
			s.received(m)
		case o := <-s.checked:
			s.settle(o)
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	err := s.out.close()
	switch {
	case s.lost != nil:
		return s.lost
	case s.state != stopping:
		return ErrLeft
	}
	return err
}

// A received body is what came, or why nothing more can come.
type receivedBody struct {
	body []byte
	err  error
}

// receive reads messages until stop is closed, or one cannot be read.
func receive(in *bufio.Reader, stop chan struct{}) <-chan receivedBody {
	messages := make(chan receivedBody)
	go func() {
		for {
			body, err := readFrame(in)
			select {
			case messages <- receivedBody{body, err}:
			case <-stop:
				return
			}
			if err != nil {
				return
			}
		}
	}()
	return messages
}

// A server is one session with a client. Only Serve's loop touches it, but for what a check is given.
type server struct {
	out      *outbox
	program  Program
	state    state
	exit     bool
	lost     error // why the client cannot be heard or told anything
	encoding encoding
	judge    *check.Judge
	texts    map[string]*text // those that are open, by their URI
	queue    []*text          // those that are to be checked, the first one first
	busy     bool             // a check goes on
	checked  chan outcome
	count    int // of all that texts have said
}

type state int

const (
	fresh state = iota
	running
	stopping
)

func (s *server) received(r receivedBody) {
	switch {
	case errors.Is(r.err, io.EOF):
		s.exit = true
		return
	case r.err != nil:
		s.lost = fmt.Errorf("reading a message: %w", r.err)
		return
	}
	m, err := readMessage(r.body)
	if err != nil {
		s.respond(json.RawMessage("null"), nil, err)
		return
	}
	switch {
	case m.isRequest() && m.Method != "":
		s.request(&m)
	case m.Method != "":
		s.notified(&m)
	}
}

// request answers a request, or keeps it until what it is about is known.
func (s *server) request(m *message) {
	handle, known := requests()[m.Method]
	switch {
	case s.state == fresh && m.Method != "initialize":
		s.respond(m.ID, nil, fails(notInitialized, "initialize comes first"))
	case s.state == stopping:
		s.respond(m.ID, nil, fails(invalidRequest, "the server has been shut down"))
	case !known:
		s.respond(m.ID, nil, fails(methodNotFound, "there is no method %q here", m.Method))
	default:
		result, err := handle(s, m)
		if !errors.Is(err, errLater) {
			s.respond(m.ID, result, err)
		}
	}
}

// errLater: the request is answered once a check has ended.
var errLater = errors.New("the answer comes later")

// requests are the methods that are answered.
func requests() map[string]func(*server, *message) (any, error) {
	return map[string]func(*server, *message) (any, error){
		"initialize":                  (*server).initialize,
		"shutdown":                    (*server).shutdown,
		"textDocument/hover":          at((*server).hover),
		"textDocument/completion":     at((*server).complete),
		"textDocument/definition":     (*server).definition,
		"textDocument/codeAction":     (*server).actions,
		"textDocument/documentSymbol": (*server).symbols,
	}
}

// notified does what a notification says. Nobody waits for an answer, so what is wrong with it is told in the log.
func (s *server) notified(m *message) {
	var err error
	switch {
	case m.Method == "exit":
		s.exit = true
	case s.state != running: // initialize comes first, and nothing after shutdown
	case m.Method == "textDocument/didOpen":
		err = s.opened(m)
	case m.Method == "textDocument/didChange":
		err = s.changed(m)
	case m.Method == "textDocument/didClose":
		err = s.closed(m)
	case m.Method == "textDocument/didSave", m.Method == "workspace/didChangeWatchedFiles":
		s.checkAll() // a local file may be another one now
	case m.Method == "$/cancelRequest":
		err = s.cancel(m)
	}
	if err != nil {
		s.log(isWarning, err.Error())
	}
}

func (s *server) log(kind int, text string) {
	s.notify("window/logMessage", logParams{kind, text})
}

func (s *server) notify(method string, params any) {
	s.write(notification{"2.0", method, params})
}

func (s *server) respond(id json.RawMessage, result any, err error) {
	a := answer{Version: "2.0", ID: id}
	var failed *failure
	switch {
	case errors.As(err, &failed):
		a.Error = failed
	case err != nil:
		a.Error = fails(invalidParams, "%s", err)
	default:
		text, err := json.Marshal(result)
		if err != nil {
			s.lost = err
			return
		}
		a.Result = (*json.RawMessage)(&text)
	}
	s.write(a)
}

func (s *server) write(message any) {
	body, err := json.Marshal(message)
	if err == nil {
		err = s.out.put(body)
	}
	if s.lost == nil {
		s.lost = err
	}
}
