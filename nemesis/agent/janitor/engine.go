package janitor

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// callLimit bounds one call: an engine that hangs must not hang the clean-up of
// the rest.
const callLimit = 20 * time.Second

// engine is a Docker Engine API.
type engine struct {
	http *http.Client
	base string // with the engine's own API version: old ones are refused by new engines
}

// dial finds the engine behind a Unix socket.
func dial(ctx context.Context, socket string) (*engine, error) {
	e := &engine{base: "http://engine", http: &http.Client{
		Timeout: callLimit,
		Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", socket)
		}},
	}}
	var version struct{ APIVersion string }
	if err := e.get(ctx, "/version", &version); err != nil {
		return nil, fmt.Errorf("engine at %s: %w", socket, err)
	}
	e.base += "/v" + version.APIVersion
	return e, nil
}

// thing is something that can be removed.
type thing struct {
	kind string // container, network or volume
	id   string
}

func (t thing) String() string { return fmt.Sprintf("%s %.12s", t.kind, t.id) }

// path is what a DELETE removes it by; with a container go its unnamed volumes.
func (t thing) path() string {
	switch t.kind {
	case "container":
		return "/containers/" + url.PathEscape(t.id) + "?force=1&v=1"
	case "network":
		return "/networks/" + url.PathEscape(t.id)
	default:
		return "/volumes/" + url.PathEscape(t.id) + "?force=1"
	}
}

func (e *engine) containers(ctx context.Context, label string) ([]thing, error) {
	var listed []struct{ ID string }
	err := e.get(ctx, "/containers/json?all=1&"+labelled(label), &listed)
	var things []thing
	for _, l := range listed {
		things = append(things, thing{"container", l.ID})
	}
	return things, err
}

func (e *engine) networks(ctx context.Context, label string) ([]thing, error) {
	var listed []struct{ ID string }
	err := e.get(ctx, "/networks?"+labelled(label), &listed)
	var things []thing
	for _, l := range listed {
		things = append(things, thing{"network", l.ID})
	}
	return things, err
}

func (e *engine) volumes(ctx context.Context, label string) ([]thing, error) {
	var listed struct{ Volumes []struct{ Name string } }
	err := e.get(ctx, "/volumes?"+labelled(label), &listed)
	var things []thing
	for _, l := range listed.Volumes {
		things = append(things, thing{"volume", l.Name})
	}
	return things, err
}

func labelled(label string) string {
	filter, err := json.Marshal(map[string][]string{"label": {label}})
	if err != nil {
		panic(err) // strings always marshal
	}
	return "filters=" + url.QueryEscape(string(filter))
}

func (e *engine) get(ctx context.Context, path string, into any) error {
	response, err := e.call(ctx, http.MethodGet, path, nil)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return refusal(http.MethodGet, path, response)
	}
	if err := json.NewDecoder(response.Body).Decode(into); err != nil {
		return fmt.Errorf("GET %s: %w", path, err)
	}
	return nil
}

// remove tells whether the thing is gone. One that somebody else removes at
// the moment (409), or that is still in use, is not, and no error. A network that
// is in use is emptied for the next time.
func (e *engine) remove(ctx context.Context, t thing) (gone bool, err error) {
	response, err := e.call(ctx, http.MethodDelete, t.path(), nil)
	if err != nil {
		return false, err
	}
	defer response.Body.Close()
	switch response.StatusCode {
	case http.StatusOK, http.StatusNoContent, http.StatusNotFound:
		return true, nil
	case http.StatusConflict:
		return false, nil
	case http.StatusForbidden: // a network with endpoints
		return false, e.empty(ctx, t)
	default:
		return false, refusal(http.MethodDelete, t.path(), response)
	}
}

// empty disconnects who is in a network: a stranger, or an endpoint that outlived
// its container, as one does if the engine's disk is full at its end.
func (e *engine) empty(ctx context.Context, network thing) error {
	var inspected struct {
		Containers map[string]struct{ Name string }
	}
	if err := e.get(ctx, network.path(), &inspected); err != nil {
		return err
	}
	for _, endpoint := range inspected.Containers {
		path := network.path() + "/disconnect"
		response, err := e.call(ctx, http.MethodPost, path, map[string]any{"Container": endpoint.Name, "Force": true})
		if err != nil {
			return err
		}
		defer response.Body.Close()
		if response.StatusCode != http.StatusOK && response.StatusCode != http.StatusNotFound {
			return refusal(http.MethodPost, path, response)
		}
	}
	return nil
}

// call sends the body as JSON, if there is one.
func (e *engine) call(ctx context.Context, method, path string, body any) (*http.Response, error) {
	var sent io.Reader = http.NoBody
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return nil, err
		}
		sent = bytes.NewReader(text)
	}
	request, err := http.NewRequestWithContext(ctx, method, e.base+path, sent)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	return e.http.Do(request)
}

// refusal reads the engine's one-line message.
func refusal(method, path string, response *http.Response) error {
	const enough = 1000
	body, _ := io.ReadAll(io.LimitReader(response.Body, enough))
	var said struct{ Message string }
	if json.Unmarshal(body, &said) != nil {
		said.Message = string(body)
	}
	path, _, _ = strings.Cut(path, "?")
	return fmt.Errorf("%s %s: %s: %s", method, path, response.Status, strings.TrimSpace(said.Message))
}
