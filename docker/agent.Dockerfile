# The fault agent and janitor as an image: one static binary and nothing else.
# `make images` builds it; its context is the folder with the binary.
FROM scratch
COPY faultd /
ENTRYPOINT ["/faultd"]
