package main

import (
	"errors"
	"net"
	"strings"
)

// tellSystemd sends a state ("READY=1") to the service manager that started the program, if one did.
func (a *app) tellSystemd(state string) error {
	path := a.env.get("NOTIFY_SOCKET")
	if path == "" {
		return nil
	}
	if name, ok := strings.CutPrefix(path, "@"); ok {
		path = "\x00" + name // an abstract socket
	}
	c, err := net.Dial("unixgram", path)
	if err != nil {
		return err
	}
	_, err = c.Write([]byte(state))
	return errors.Join(err, c.Close())
}
