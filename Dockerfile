# docker build -t hotmesa . && docker run --rm -v "$PWD/out:/out" hotmesa run kurter2010-n19 --out /out/n19
FROM dolfinx/dolfinx:stable

# libegl1: pictures without a screen. The image brings DOLFINx, gmsh, MPI and OpenBLAS.
RUN apt-get update \
 && apt-get install --yes --no-install-recommends libegl1 make git \
 && rm -rf /var/lib/apt/lists/*

WORKDIR /hotmesa
COPY . .
# Nothing may replace what the image's DOLFINx was built with; names, ranges and extras are those of pyproject.toml.
RUN python3 setup/base_python.py constraints > /tmp/constraints.txt \
 && python3 -m pip install --no-cache-dir --constraint /tmp/constraints.txt --editable ".[viz,study,fit,test]"

ENV OMP_NUM_THREADS=1
ENTRYPOINT ["hotmesa"]
