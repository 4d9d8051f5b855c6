package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCheck(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/healthz" {
			http.Error(w, "fenced by the controller", http.StatusServiceUnavailable)
		}
	}))
	defer server.Close()
	tests := map[string]struct {
		args []string
		exit int
		says string
	}{
		"healthy":  {[]string{server.URL + "/healthz"}, 0, "200 OK"},
		"ill":      {[]string{server.URL + "/"}, 1, "503 Service Unavailable: fenced by the controller"},
		"no URL":   {nil, 1, "0 arguments, allowed is one URL"},
		"no host":  {[]string{"http://127.0.0.1:1/"}, 1, "refused"},
		"two URLs": {[]string{server.URL, server.URL}, 1, "2 arguments"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var out strings.Builder
			require.Equal(t, test.exit, check(test.args, &out))
			require.Contains(t, out.String(), test.says)
			require.Equal(t, 1, strings.Count(out.String(), "\n"), "one line")
		})
	}
}
