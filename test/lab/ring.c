/* An MPI program: a token round the ranks, a sum, and communicators of parts. With an argument the last rank
 * aborts. */
#include <mpi.h>
#include <stdio.h>
int main(int argc, char **argv)
{
	int rank, size, token = 0, sum = 0, total = 0;
	MPI_Init(&argc, &argv);
	MPI_Comm_rank(MPI_COMM_WORLD, &rank);
	MPI_Comm_size(MPI_COMM_WORLD, &size);
	if (argc > 1 && rank == size - 1)
		MPI_Abort(MPI_COMM_WORLD, 9);
	if (rank > 0)
		MPI_Recv(&token, 1, MPI_INT, rank - 1, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
	token += rank;
	MPI_Send(&token, 1, MPI_INT, (rank + 1) % size, 0, MPI_COMM_WORLD);
	if (rank == 0)
		MPI_Recv(&token, 1, MPI_INT, size - 1, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
	MPI_Allreduce(&rank, &sum, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
	for (int i = 1; i <= 8; i++) {
		MPI_Comm part;
		int mine, one = 1;
		MPI_Comm_split(MPI_COMM_WORLD, rank % i, rank, &part);
		MPI_Allreduce(&one, &mine, 1, MPI_INT, MPI_SUM, part);
		total += mine;
		MPI_Comm_free(&part);
	}
	if (rank == 0)
		printf("size %d ring %d sum %d splits %d\n", size, token, sum, total);
	MPI_Finalize();
	return 0;
}
