# What tests with ranks have in their environment. Sourced. Open MPI's launcher runs as root, and more processes than cores, only
# when it is told to; here it looks for no network.
# shellcheck shell=bash
export PRUNET_THREADS=1 OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_rmaps_base_oversubscribe=1
export OMPI_MCA_btl=self,vader OMPI_MCA_pml=ob1 OMPI_MCA_orte_execute_quiet=1 OMPI_MCA_mpi_yield_when_idle=1
export ASAN_OPTIONS=${ASAN_OPTIONS-}:detect_leaks=0 # MPI's own
