# The broker as an image: two static binaries and nothing else.
# `make images` builds it; its context is the folder with the binaries.
FROM scratch
COPY ackbroker healthcheck /
ENV ACKBROKER_LOG_DIRS=/data/logs \
    ACKBROKER_METADATA_LOG_DIR=/data/meta \
    ACKBROKER_HTTP_LISTEN=0.0.0.0:9094
VOLUME /data
EXPOSE 9092 9093 9094
HEALTHCHECK --interval=2s --timeout=2s --start-period=10s \
    CMD ["/healthcheck", "http://127.0.0.1:9094/healthz"]
ENTRYPOINT ["/ackbroker"]
