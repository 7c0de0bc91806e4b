package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"
)

// askFor bounds a request to the daemon.
const askFor = 30 * time.Second

// ask sends a request to the daemon of this data folder and reads its answer into out.
func (a *app) ask(path string, in, out any) error {
	dir, err := a.dataDir()
	if err != nil {
		return err
	}
	socket := a.socket(dir)
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(a.ctx, askFor)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://lockctl"+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	client := overSocket(socket)
	defer client.CloseIdleConnections()
	resp, err := client.Do(req)
	var dial *net.OpError
	switch {
	case errors.As(err, &dial) && dial.Op == "dial":
		return refused("no lockctl serve runs on this data folder: nothing listens on %s", socket)
	case err != nil:
		return err
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode == http.StatusOK {
		return json.Unmarshal(raw, out)
	}
	var no struct {
		Error struct{ Type, Message string }
	}
	if err := json.Unmarshal(raw, &no); err != nil || no.Error.Message == "" {
		return fmt.Errorf("the daemon answered %s", resp.Status)
	}
	switch {
	case no.Error.Type == "invalid_input":
		return badInput("%s", no.Error.Message)
	case resp.StatusCode < http.StatusInternalServerError:
		return refused("%s", no.Error.Message)
	}
	return errors.New(no.Error.Message)
}
