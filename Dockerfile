# docker build -t hotmesa . && docker run --rm -v "$PWD/out:/out" hotmesa run kurter2010-n19 --out /out/n19
FROM dolfinx/dolfinx:stable

# libegl1: pictures without a screen. The image brings DOLFINx, gmsh, MPI and OpenBLAS.
RUN apt-get update \
 && apt-get install --yes --no-install-recommends libegl1 make git \
 && rm -rf /var/lib/apt/lists/*

WORKDIR /hotmesa
COPY . .
# What the image's Python lacks, in the tested versions and only from files with their hashes; nothing of what DOLFINx was
# built with is replaced. The last line fails if anything is missing.
ARG WANTED="pyproject.toml viz,study,fit,report,test,docs,notebook,shell,explore setup/requirements.lock"
RUN python3 setup/base_python.py constraints > /tmp/constraints.txt \
 && python3 setup/base_python.py unmet $WANTED > /tmp/wanted.txt \
 && python3 -m pip install --no-cache-dir --constraint /tmp/constraints.txt --require-hashes --no-deps -r /tmp/wanted.txt \
 && python3 -m pip install --no-cache-dir --no-deps --no-build-isolation --editable . \
 && python3 setup/base_python.py unmet $WANTED > /tmp/wanted.txt && test ! -s /tmp/wanted.txt

ENV OMP_NUM_THREADS=1
ENTRYPOINT ["hotmesa"]
